"""The verbs that change the catalogue. Each tells every process, on commit, that its copy is old."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import snapshot
from catalog.models import EndUser, Item
from recsite.platform import epochs

PEOPLE_EPOCH = "people-erased"
"""Rises when people were erased: what is kept of anybody under the id that they had is made anew."""


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


def delete_people(people: QuerySet[EndUser]) -> int:
    """Erases people with everything they did, and says how many people there were."""
    with transaction.atomic():
        _, by_model = people.delete()
        epochs.bump(PEOPLE_EPOCH)
    return by_model.get(EndUser._meta.label, 0)
