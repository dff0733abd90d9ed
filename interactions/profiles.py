"""Change profiles by events: what users say of themselves goes into their rows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from catalog.models import EndUser
from interactions.models import PersonEvent
from interactions.schema import PROFILE, PROFILE_UPDATE, Event

Later = Sequence[tuple[datetime, dict[str, Any] | None]]


def update(events: Iterable[Event]) -> None:
    """Apply the profile updates among stored events, in the order of their times: of each name, the latest value stays.

    An update that comes after a later one of the same user changes only the names that the later one left alone.
    """
    changes: dict[str, list[Event]] = {}
    for event in events:
        if event.type == PROFILE_UPDATE:
            changes.setdefault(event.user_id, []).append(event)
    if not changes:
        return
    # In the order of keys: two transactions that update the same users never wait for each other in a circle.
    for user in EndUser.objects.select_for_update().filter(user_id__in=changes).order_by("pk"):
        ordered = sorted(changes[user.user_id], key=lambda one: one.occurred_at)
        later = _later(user, ordered[0].occurred_at)
        for event in ordered:
            _apply(user, event, [said or {} for at, said in later if at > event.occurred_at])
        user.save(update_fields=list(PROFILE))


def _later(user: EndUser, at: datetime) -> Later:
    updates = PersonEvent.objects.filter(user=user, type__name=PROFILE_UPDATE, occurred_at__gt=at)
    return list(updates.values_list("occurred_at", "context"))


def _apply(user: EndUser, event: Event, later: Sequence[dict[str, Any]]) -> None:
    for part in PROFILE:
        settled = {name for said in later for name in said.get(part, {})}
        said = {name: value for name, value in event.context.get(part, {}).items() if name not in settled}
        known = getattr(user, part)
        setattr(user, part, {**(known if isinstance(known, dict) else {}), **said})
