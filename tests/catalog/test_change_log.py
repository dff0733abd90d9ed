from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from catalog import store
from catalog.importers.rows import ItemRow
from catalog.models import DeletedItem, Item
from catalog.upserts import upsert_items
from recommender import tasks
from recsite.platform.audit import SYSTEM
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def numbers() -> dict[str, int]:
    """The transaction that wrote each item last."""
    return dict(Item.objects.values_list("item_id", "changed_in"))


def test_every_way_of_writing_an_item_numbers_it_with_its_transaction() -> None:
    emma, other = factories.item("emma"), factories.item("other")
    seen = [numbers()]
    emma.title = "Emma, or Matchmaking"
    for write in (
        emma.save,
        lambda: store.set_available(Item.objects.filter(pk=emma.pk), False, actor=SYSTEM),
        lambda: Item.objects.filter(pk=emma.pk).update(tags=["wit"]),
        lambda: upsert_items([ItemRow("emma", "Emma")]),
        lambda: Item.objects.bulk_update([emma], ["title"]),
    ):
        write()
        seen.append(numbers())
    of_emma = [found["emma"] for found in seen]
    assert of_emma == sorted(set(of_emma))
    assert {found["other"] for found in seen} == {other.changed_in or seen[0]["other"]}


def test_what_is_written_in_one_transaction_has_its_number() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        factories.items(2)
        Item.objects.bulk_create([Item(item_id="c", title="C")])
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        assert set(numbers().values()) == {cursor.fetchone()[0]}


def test_deleted_items_are_noted_with_the_transaction() -> None:
    gone, kept = factories.items(3), factories.item("kept")
    last = max(numbers().values())
    store.delete_items(Item.objects.exclude(pk=kept.pk), actor=SYSTEM)
    assert set(DeletedItem.objects.values_list("item_pk", flat=True)) == {item.pk for item in gone}
    assert len(set(DeletedItem.objects.values_list("changed_in", flat=True))) == 1
    assert all(note.changed_in > last for note in DeletedItem.objects.all())


def test_a_deletion_that_is_rolled_back_is_not_noted() -> None:
    factories.item()
    with transaction.atomic():
        store.delete_items(Item.objects.all(), actor=SYSTEM)
        transaction.set_rollback(True)
    assert not DeletedItem.objects.exists()


def test_notes_of_deletions_go_after_some_days() -> None:
    old, new = factories.items(2)
    store.delete_items(Item.objects.filter(pk=old.pk), actor=SYSTEM)
    DeletedItem.objects.update(deleted_at=timezone.now() - store.DELETIONS_KEPT_FOR - timedelta(minutes=1))
    store.delete_items(Item.objects.filter(pk=new.pk), actor=SYSTEM)
    tasks.prune_history()
    assert list(DeletedItem.objects.values_list("item_pk", flat=True)) == [new.pk]
