"""The verbs that change the catalogue. Each tells every process, on commit, that its copy is old."""

import logging
from collections.abc import Collection
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from prometheus_client import Counter

from catalog import snapshot
from catalog.models import EndUser, Item
from recsite.platform import generations

logger = logging.getLogger(__name__)
sink_failures = Counter("item_sink_failures_total", "Saved items that a sink failed to take in, by batch.", ["sink"])

PEOPLE_EPOCH = "people-erased"
"""Rises when people were erased, or their preferences edited: what is kept of anybody is made anew."""


def save_item(item: Item) -> Item:
    """Adds or changes one item. Raises ValidationError where a field is wrong."""
    item.full_clean()
    with transaction.atomic():
        item.save()
        snapshot.bump()
        transaction.on_commit(partial(_tell, (item.pk,)))
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


def _tell(items: Collection[int]) -> None:
    """A sink that fails is logged and counted: the items are saved, and what it makes of them is made later."""
    for path in settings.ITEM_SINKS:
        try:
            import_string(path)(items)
        except Exception:
            logger.exception("%s failed to take in %d saved items.", path, len(items))
            sink_failures.labels(path).inc()


def save_person(person: EndUser) -> EndUser:
    """Adds or changes one person. Raises ValidationError where a field is wrong."""
    person.full_clean()
    with transaction.atomic():
        person.save()
        generations.bump(PEOPLE_EPOCH)
    return person


def delete_people(people: QuerySet[EndUser]) -> int:
    """Erases people with everything they did, and says how many people there were.

    What is kept of them by the ids of the outside, PEOPLE_SINKS erase in the same transaction: where one fails, nobody
    is erased.
    """
    with transaction.atomic():
        user_ids = list(people.values_list("user_id", flat=True))
        for path in settings.PEOPLE_SINKS:
            import_string(path)(user_ids)
        _, by_model = people.delete()
        generations.bump(PEOPLE_EPOCH)
    return by_model.get(EndUser._meta.label, 0)
