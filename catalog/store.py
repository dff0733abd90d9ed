"""The verbs that change the catalogue. Each tells every process, on commit, that its copy is old."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import snapshot
from catalog.models import Item

TOUCH = """
WITH seen AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen (id, at)),
     person AS (
         SELECT id, at FROM catalog_enduser JOIN seen USING (id)
         WHERE last_active IS NULL OR last_active < at - interval '1 minute'
         ORDER BY id FOR NO KEY UPDATE OF catalog_enduser
     )
UPDATE catalog_enduser SET last_active = person.at FROM person WHERE catalog_enduser.id = person.id
"""


def save_item(item: Item) -> Item:
    """Adds or changes one item. Raises ValidationError where a field is wrong."""
    item.full_clean()
    with transaction.atomic():
        item.save()
        snapshot.bump()
    return item


def set_available(items: QuerySet[Item], available: bool) -> int:
    """Shows or hides items, and says how many changed."""
    with transaction.atomic():
        changed = items.exclude(is_available=available).update(is_available=available, updated_at=timezone.now())
        snapshot.bump()
    return changed


def delete_items(items: QuerySet[Item]) -> int:
    """Erases items with everything that happened to them, and says how many items there were."""
    with transaction.atomic():
        _, by_model = items.delete()
        snapshot.bump()
    return by_model.get(Item._meta.label, 0)


def touch(last_seen: Mapping[int, datetime]) -> None:
    """Notes when people, by internal id, were last active. To the minute: a person's every click need not write a row.

    The rows are locked in the order of their ids, so that two batches with the same people can't wait for each other.
    """
    if last_seen:
        with connection.cursor() as cursor:
            cursor.execute(TOUCH, [list(last_seen), list(last_seen.values())])
