"""Read what a user did, item by item instead of event by event: viewed three times, then bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog.models import EndUser
from interactions import types
from interactions.models import Interaction

MOST_READ = 5_000
"""Events that are read, the latest: a history has no bound, a page has one."""


@dataclass(slots=True)
class Acts:
    """Sum up a user's events of one type on one item."""

    kind: str
    times: int
    last_at: datetime | None
    """None where the events came from a file without times."""

    value: float | None
    """That of the last event."""


@dataclass(frozen=True, slots=True)
class ItemActs:
    """Hold what a user did with one item (internal id), the strongest sign first."""

    item: int
    last_at: datetime
    acts: Sequence[Acts]


def by_item(user: EndUser, most: int = MOST_READ) -> tuple[list[ItemActs], bool]:
    """Return what the user did with each item, the item of the latest event first; and if older events were left out.

    One query, of the latest events alone.
    """
    rows = Interaction.objects.of_user(user).values_list("item_id", "type_id", "value", "occurred_at", "undated")
    events = list(rows[: most + 1])
    kinds = {kind.pk: kind for kind in types.by_name().values()}
    found: dict[int, dict[int, Acts]] = {}
    latest: dict[int, datetime] = {}
    for item, kind, value, at, undated in events[:most]:
        latest.setdefault(item, at)
        # Events come with the latest first, so the first of each type is the last one that happened.
        own = found.setdefault(item, {})
        name = kinds[kind].name if kind in kinds else ""
        own.setdefault(kind, Acts(name, 0, None if undated else at, value)).times += 1
    strength = {pk: kind.weight for pk, kind in kinds.items()}
    return [
        ItemActs(item, latest[item], [own[kind] for kind in sorted(own, key=lambda pk: -strength.get(pk, 0.0))])
        for item, own in found.items()
    ], len(events) > most
