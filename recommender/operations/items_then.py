"""Read what is recorded of the items of a list that was shown: as they were then, and what was changed since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.models import Item
from recommender.cache import SOURCES
from recommender.models import Attribution, ListImpression, ListKind, Placement
from recommender.serving.candidates import LATEST, POPULAR
from recsite.platform.models import AuditEntry


@dataclass(frozen=True, slots=True)
class ItemThen:
    """Hold one item of a list, and what is known of it then and since."""

    rank: int
    pk: int
    item_id: str
    """Empty where the item was deleted since."""
    title: str
    source: str
    """What ranked it; of an interleaved list also whose it is."""
    changes: Sequence[str]
    """What staff or clients changed since, as sentences with the value of then."""
    feedback: str
    """`clicked`, `converted`, or empty."""


def items_then(shown: ListImpression) -> list[ItemThen]:
    """Return the items of a list, with what was changed of them since."""
    items = Item.objects.in_bulk(shown.items)
    changes = _changes([item.item_id for item in items.values()], shown.served_at)
    feedback = {
        one.item_id: "converted" if one.converted_at else "clicked"
        for one in Attribution.objects.filter(
            recommendation_id=shown.recommendation_id, served_at=shown.served_at, item__in=shown.items
        )
    }
    return [
        ItemThen(
            shown.first_rank + number,
            pk,
            items[pk].item_id if pk in items else "",
            items[pk].title if pk in items else "a deleted item",
            (SOURCES[source] if source < len(SOURCES) else "") + whose(shown, number),
            _said(items[pk], changes.get(items[pk].item_id, {})) if pk in items else ("It was deleted since.",),
            feedback.get(pk, ""),
        )
        for number, (pk, source) in enumerate(zip(shown.items, shown.sources, strict=True))
    ]


def whose(shown: ListImpression, number: int) -> str:
    """Say which ranking an item of an interleaved list is credited to; empty for others."""
    if not shown.teams:
        return ""
    team = shown.teams[number : number + 1]
    return f", of ranking {team}" if team in ("1", "2") else ", of no ranking"


def _changes(item_ids: Sequence[str], since: datetime) -> dict[str, dict[str, Any]]:
    """Return by item the fields that were changed since, with their values of then; as far as it is recorded."""
    entries = AuditEntry.objects.filter(object_type="item", object_id__in=item_ids, at__gt=since).order_by("at", "pk")
    found: dict[str, dict[str, Any]] = {}
    for item_id, before in entries.values_list("object_id", "before"):
        for name, value in before.items():
            found.setdefault(item_id, {}).setdefault(name, value)
    return found


def _said(item: Item, before: Mapping[str, Any]) -> list[str]:
    return [
        f"{name.replace('_', ' ')} was {_value(value)}, is {_value(getattr(item, name, None))}"
        for name, value in before.items()
        if hasattr(item, name) and _value(value) != _value(getattr(item, name))
    ]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "empty"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if value not in (None, "") else "empty"


def notes(shown: ListImpression, placement: Placement | None) -> list[str]:
    """Say what has changed since that shapes such a list."""
    said = []
    if placement is None:
        said.append(f"The placement {shown.placement} is gone: usual settings stand for its own.")
    elif placement.live and placement.live.number != shown.placement_revision:
        then = f"revision {shown.placement_revision}" if shown.placement_revision else "no revision"
        said.append(f"The placement {placement.name} had {then} then, and has revision {placement.live.number} now.")
    if shown.variant:
        said.append(f"The user was in the variant {shown.variant} of an experiment.")
    if shown.algorithm in (LATEST, POPULAR) and shown.kind == ListKind.USER:
        said.append("Nothing led it but what everybody gets, or it was asked for by name.")
    return said
