"""Erase what was shown to users, and what is counted of items."""

from collections.abc import Collection

from django.db import connection
from django.db.models import Q

from catalog.erasure import ErasedUsers
from catalog.merging import Merge
from recommender.insight.impressions.partitions import ATTRIBUTIONS, LISTS
from recommender.models import CoPurchase, CoVisit, Exposure, ItemDay, ItemImpressions, ItemTotals, TrendingScore

# Their lists, and lists of unnamed users that their events name: an attribution says what somebody did.
FIND_LISTS = """
SELECT recommendation_id FROM {table} WHERE user_id = ANY(%s)
"""


def on_erased(erased: ErasedUsers) -> None:
    """Erase the list impressions of these users with their attributions, in all months. For ERASURE_SINKS."""
    user_ids, found = list(erased.user_ids), list[object]()
    with connection.cursor() as cursor:
        for table in LISTS.all_tables():
            cursor.execute(FIND_LISTS.format(table=table), [user_ids])
            found += [recommendation_id for (recommendation_id,) in cursor.fetchall()]
    ATTRIBUTIONS.delete("recommendation_id", found)
    LISTS.delete("user_id", user_ids)


def on_merged(merge: Merge) -> int:
    """Make the lists that a visitor was shown the known user's; they are no events. For MERGE_SINKS."""
    LISTS.reassign("user_id", merge.user_id, merge.into)
    return 0


def on_items_deleted(items: Collection[int]) -> None:
    """Delete what is counted of these items (internal ids). For DELETION_SINKS."""
    ATTRIBUTIONS.delete("item_id", items)
    ItemImpressions.objects.filter(item__in=items)._raw_delete("default")
    ItemTotals.objects.filter(item__in=items)._raw_delete("default")
    Exposure.objects.filter(item__in=items)._raw_delete("default")
    TrendingScore.objects.filter(item_id__in=items)._raw_delete("default")
    ItemDay.objects.filter(item_id__in=items)._raw_delete("default")
    for pairs in (CoVisit, CoPurchase):
        pairs._default_manager.filter(Q(item_id__in=items) | Q(other_id__in=items))._raw_delete("default")
