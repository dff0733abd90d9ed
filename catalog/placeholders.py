"""Make items of bare ids, for those whose system knows no more of them."""

from collections.abc import Collection

from django.db import transaction

from catalog import changes, snapshot
from catalog.models import Item
from recsite.platform.audit import Actor


@transaction.atomic
def make_missing(item_ids: Collection[str], *, actor: Actor) -> int:
    """Make those of the items that there are not yet, recommendable and with the id for a title; return how many.

    Whatever UNKNOWN_ITEM_POLICY says: for doors whose clients expect it.
    """
    known = set(Item.objects.filter(item_id__in=item_ids).values_list("item_id", flat=True))
    missing = sorted(set(item_ids) - known)
    if missing:
        Item.objects.bulk_create([Item(item_id=one, title=one) for one in missing], ignore_conflicts=True)
        changes.record_each(actor, "item.create", "item", missing)
        snapshot.bump()
    return len(missing)
