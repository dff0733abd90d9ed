"""Items that came after the training: in the lists of those whom they suit, from the moment they are saved."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from catalog import snapshot, store
from catalog.models import Item
from interactions.producers import produce
from recommender import serving
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import FloatArray, Tokens
from recommender.serving import Answer, ListedItem, Request, warming
from recommender.serving.candidates import context_of_release, live, new_items, vectors
from recommender.training import train
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.outages import no_postgres
from tests.recommender.events import ratings
from tests.recommender.fixtures import look_again, popular, publish, set_placement, start_afresh

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

KINDS = ("Poetry", "Novels")
CREATORS = ("Emily Dickinson", "Jane Austen")


@pytest.fixture(autouse=True)
def release(model_folders: None) -> None:
    """Even readers like poems by one creator, odd ones novels by another; a hybrid leads."""
    ratings(people=30)
    for number, book in enumerate(Item.objects.order_by("pk")):
        book.categories, book.features = [KINDS[number % 2]], {"creator": CREATORS[number % 2]}
        book.save()
    snapshot.bump()
    train.train(["svd", "popular", "hybrid"])
    set_placement(new_item_share=0, content_weight=0.5)
    start_afresh()
    vectors.refresh()


def new(item_id: str, kind: int = 0) -> Item:
    features = {"creator": CREATORS[kind]}
    saved = store.save_item(
        Item(item_id=item_id, title="Another", categories=[KINDS[kind]], features=features), actor=SYSTEM
    )
    look_again()
    return saved


def ask(user_id: str, **rest: Any) -> Answer:
    return serving.recommend(Request(user_id, limit=50, **rest))


def place(answer: Answer, item_id: str) -> ListedItem:
    return next(place for place in answer.items if place.item_id == item_id)


def kinds_before(answer: Answer, item_id: str) -> list[str]:
    ahead = [one.item_id for one in answer.items[: place(answer, item_id).rank - 1]]
    return [Item.objects.get(item_id=name).categories[0] for name in ahead]


def test_a_new_item_stands_among_what_it_is_like_in_a_list_that_was_kept() -> None:
    assert not ask("reader-0").cache_hit
    new("new-poem")
    answer = ask("reader-0")
    assert answer.cache_hit
    insert_new_items = place(answer, "new-poem")
    assert insert_new_items.source == "content"
    assert insert_new_items.score is not None
    assert "Novels" not in kinds_before(answer, "new-poem")
    scores = [one.score for one in answer.items if one.source in ("hybrid", "content")]
    assert scores == sorted(scores, key=lambda score: -(score or 0))


def test_those_whom_it_does_not_suit_get_it_after_all_that_does() -> None:
    new("new-poem")
    insert_new_items = place(ask("reader-1"), "new-poem")
    assert insert_new_items.rank > place(ask("reader-0"), "new-poem").rank
    assert insert_new_items.source != "content" or "Poetry" not in kinds_before(ask("reader-1"), "new-poem")[:3]


def test_somebody_who_is_folded_in_gets_it_as_well() -> None:
    poem = Item.objects.filter(categories=["Poetry"]).order_by("pk")[0]
    produce([factories.event("stranger", poem, "rating", 5)])
    new("new-poem")
    assert place(ask("stranger"), "new-poem").source == "content"


def test_a_list_that_was_warmed_takes_it_in_and_hides_it_again() -> None:
    warming.warm(everybody=True)
    item = new("new-poem")
    assert ask("reader-0").cache_hit
    assert place(ask("reader-0"), "new-poem").source == "content"
    item.is_available = False
    store.save_item(item, actor=SYSTEM)
    look_again()
    assert "new-poem" not in {one.item_id for one in ask("reader-0").items}


def test_its_minimum_score_is_that_of_the_list() -> None:
    new("new-poem")
    insert_new_items = place(ask("reader-0"), "new-poem")
    assert insert_new_items.score is not None
    assert place(ask("reader-0", min_score=insert_new_items.score - 0.01), "new-poem")
    assert "new-poem" not in {one.item_id for one in ask("reader-0", min_score=insert_new_items.score + 0.01).items}


def test_pages_never_repeat_one_another() -> None:
    for number in range(8):
        new(f"new-{number}", number % 2)
    pages = [
        [one.item_id for one in serving.recommend(Request("reader-0", limit=3, offset=offset)).items]
        for offset in range(0, 40, 3)
    ]
    listed = [item_id for page in pages for item_id in page]
    assert len(listed) == len(set(listed)) == ask("reader-0").total_available


def test_without_the_database_lists_are_those_of_before() -> None:
    ask("reader-0")
    new("new-poem")
    with no_postgres():
        assert ask("reader-0").items


def test_an_algorithm_that_does_not_go_by_content_stays_as_it_is() -> None:
    new("new-poem")
    answer = ask("reader-0", algorithm="svd")
    assert "content" not in {one.source for one in answer.items}


def test_mean_and_spread_of_all_scores_follow_from_the_direction_alone() -> None:
    hybrid = getattr(live().leader, "model", None)
    assert isinstance(hybrid, HybridModel)
    content = hybrid.sources["content"]
    assert isinstance(content, VectorModel)
    rows = np.arange(len(content.user_ids), dtype=np.int32)
    directions, counts = content.tastes_of(content.profiles[rows])
    scores = content.score(rows)
    mean, spread = content.spread_of(directions)
    assert counts.tolist() == np.diff(content.profiles.indptr).tolist()
    np.testing.assert_allclose(directions @ content.vectors.T, scores, atol=1e-5)
    np.testing.assert_allclose(mean, scores.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(spread, scores.std(axis=1), atol=1e-4)


def test_a_release_that_is_not_live_places_them_too() -> None:
    before = live().number
    publish({"popular": popular(list(Item.objects.order_by("pk")))})
    start_afresh()
    assert live().number != before
    new("new-poem")
    answer = ask("reader-0", release=before)
    assert place(answer, "new-poem").source == "content"
    assert "Novels" not in kinds_before(answer, "new-poem")


def test_for_a_release_that_is_not_live_each_vector_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    described: list[int] = []
    own = vectors._described

    def counted(model: VectorModel, items: Sequence[Tokens]) -> FloatArray:
        described.append(len(items))
        return own(model, items)

    found = vectors.content_model(live())
    assert found is not None
    last = int(found[1].item_ids.ids[-1])
    poem = new("new-poem")
    monkeypatch.setattr(vectors, "_described", counted)
    first = vectors.build(found[1], last, 10, {})
    novel = new("new-novel", kind=1)
    described.clear()
    second = vectors.build(found[1], last, 10, first)
    assert (list(first), sorted(second), described) == ([poem.pk], [poem.pk, novel.pk], [1])
    assert second[poem.pk] is first[poem.pk]
    # The newest ones where there are more, and what changed is described anew.
    assert list(vectors.build(found[1], last, 1, second)) == [novel.pk]
    poem.title = "Yet another"
    store.save_item(poem, actor=SYSTEM)
    assert vectors.build(found[1], last, 10, second)[poem.pk] is not first[poem.pk]


def test_without_the_database_a_release_that_is_not_live_goes_on_with_those_it_knows() -> None:
    before = live().number
    publish({"popular": popular(list(Item.objects.order_by("pk")))})
    start_afresh()
    new("new-poem")
    context = context_of_release(before or 0)
    assert len(new_items.load_new_items(context).ids) == 1
    new("another-poem")
    with no_postgres():
        assert len(new_items.load_new_items(context).ids) == 1
