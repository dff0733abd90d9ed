"""Items by what they are, in PostgreSQL: an item saved a second ago has its vector and its neighbours."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import snapshot, store
from catalog.models import Item, ItemEmbedding
from recommender import registry, serving, tasks
from recommender.models import Release
from recommender.serving import Request
from recommender.serving.candidates import current_context, vectors
from recommender.training import train
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.outages import no_postgres
from tests.recommender.events import ratings
from tests.recommender.fixtures import look_again, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def release(model_folders: None) -> Release:
    """Books of two kinds, by two creators, and a release that describes them."""
    ratings(people=20, items=20)
    for number, book in enumerate(Item.objects.order_by("pk")):
        book.categories = [("Poetry", "Novels")[number % 2]]
        book.features = {"creator": ("Emily Dickinson", "Jane Austen")[number % 2]}
        book.save()
    snapshot.bump()
    made = train.train(["svd", "popular", "content"])
    start_afresh()
    vectors.refresh()
    return made


def novel(item_id: str) -> Item:
    return store.save_item(
        Item(item_id=item_id, title="A new one", categories=["Novels"], features={"creator": "Jane Austen"}),
        actor=SYSTEM,
    )


def alike(item_id: str, **rest: Any) -> list[Item]:
    look_again()
    answer = serving.similar(Request(items=[item_id], **rest))
    return [Item.objects.get(item_id=place.item_id) for place in answer.items]


def test_every_item_has_its_vector_of_the_live_version_alone(release: Release) -> None:
    version = release.versions.get(algorithm="content")
    described = set(ItemEmbedding.objects.values_list("item_id", flat=True))
    assert described == set(Item.objects.values_list("pk", flat=True))
    assert set(ItemEmbedding.objects.values_list("model_version", flat=True)) == {version.pk}
    train.train(["content"])
    start_afresh()
    assert vectors.refresh() == 20
    assert ItemEmbedding.objects.exclude(model_version=version.pk).count() == ItemEmbedding.objects.count() == 20
    assert vectors.refresh() == 0


def test_an_item_saved_a_second_ago_has_its_vector_and_its_neighbours() -> None:
    item = novel("new-novel")
    stored = ItemEmbedding.objects.get(item=item)
    assert np.linalg.norm(stored.vector) == pytest.approx(1, abs=1e-4)
    near = alike("new-novel", limit=10, method="content")
    assert {book.categories[0] for book in near} == {"Novels"}
    assert len(near) == 10
    old = Item.objects.filter(categories=["Novels"]).exclude(pk=item.pk)[0]
    assert "new-novel" in {book.item_id for book in alike(old.item_id, limit=11, method="content")}


def test_what_the_leading_model_does_not_know_is_placed_by_content() -> None:
    novel("new-novel")
    near = alike("new-novel", limit=10)
    assert {book.categories[0] for book in near} == {"Novels"}
    source = serving.similar(Request(items=["new-novel"])).items[0].source
    assert source == "content"
    assert serving.similar(Request(items=["new-novel"], method="collaborative")).items[0].source == "popular"


def test_a_changed_item_has_another_vector_at_once() -> None:
    item = Item.objects.filter(categories=["Novels"])[0]
    before = ItemEmbedding.objects.get(item=item).vector
    item.categories, item.features = ["Poetry"], {"creator": "Emily Dickinson"}
    store.save_item(item, actor=SYSTEM)
    after = ItemEmbedding.objects.get(item=item).vector
    assert float(np.dot(before, after)) < 0.9
    assert {book.categories[0] for book in alike(item.item_id, limit=5, method="content")} == {"Poetry"}


def test_items_that_came_in_by_another_way_are_described_by_the_task() -> None:
    factories.item("imported", categories=["Novels"], features={"creator": "Jane Austen"})
    snapshot.bump()
    assert {book.categories[0] for book in alike("imported", limit=5, method="content")} == {"Novels"}
    assert not ItemEmbedding.objects.filter(item__item_id="imported").exists()
    tasks.incremental_update()
    assert ItemEmbedding.objects.filter(item__item_id="imported").exists()


def test_without_the_database_the_popular_ones_stand_in() -> None:
    novel("new-novel")
    look_again()
    serving.similar(Request(items=["new-novel"]))
    with no_postgres():
        answer = serving.similar(Request(items=["new-novel"], limit=3))
    assert {place.source for place in answer.items} == {"popular"}


def test_without_a_model_of_content_nothing_is_described_and_nothing_fails(release: Release) -> None:
    release.members.get(algorithm="content").delete()
    registry.promote(registry.bundle([]))
    start_afresh()
    assert vectors.refresh() == 0
    novel("new-novel")
    assert serving.similar(Request(items=["new-novel"])).items


def test_the_index_is_one_for_cosines() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'embedding_vector_hnsw'")
        assert "hnsw (vector vector_cosine_ops)" in cursor.fetchone()[0]


def test_between_two_sweeps_only_changed_items_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for new vectors every ten seconds must not cost more in a larger catalogue."""
    Item.objects.update(updated_at=timezone.now() - timedelta(days=1))
    read: list[int] = []
    embed = vectors._embed

    def noting(version: int, model: Any, items: QuerySet[Item]) -> int:
        read.append(items.count())
        return embed(version, model, items)

    monkeypatch.setattr(vectors, "_embed", noting)
    ItemEmbedding.objects.all().delete()
    assert vectors.refresh() == 0, "Nothing has changed since the last sweep."
    Item.objects.filter(pk=Item.objects.first().pk).update(updated_at=timezone.now())  # type: ignore[union-attr]
    assert vectors.refresh() == 1
    vectors._sweeps.update(
        {
            version: vectors.Sweep(one.at, one.whole_at - 2 * vectors.SWEEP_EVERY)
            for version, one in vectors._sweeps.items()
        }
    )
    assert vectors.refresh() == 19, "After an hour the whole catalogue is compared again."
    assert read == [0, 1, 19]


def test_vectors_of_another_version_that_are_nearer_hide_nothing(release: Release) -> None:
    version = release.versions.get(algorithm="content")
    book = Item.objects.filter(categories=["Novels"])[0]
    vector = ItemEmbedding.objects.get(item=book).vector
    # More of them than the index looks at before it asks which rows count.
    others = Item.objects.bulk_create(Item(item_id=f"other-{number}", title="Another") for number in range(300))
    ItemEmbedding.objects.bulk_create(
        ItemEmbedding(item=other, model_version=version.pk + 1, vector=vector) for other in others
    )
    context = current_context()
    row = int(context.rows([book.pk])[0])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_itemembedding")
        # Otherwise so few rows are read one by one.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        assert len(vectors.by_content(context, row, 10)) == 10
