"""What events say of people themselves, as their rows then have it."""

from collections.abc import Iterable
from typing import Any

from catalog.models import EndUser
from interactions.models import PersonEvent
from interactions.schema import PROFILE, PROFILE_UPDATE, Event


def update(events: Iterable[Event]) -> None:
    """Takes in changes of profiles, in the order of their times: what an event names takes the place of what was there.

    One that comes after a later one of the same person changes nothing. The events are stored already.
    """
    changes: dict[str, list[Event]] = {}
    for event in events:
        if event.type == PROFILE_UPDATE:
            changes.setdefault(event.user_id, []).append(event)
    # In the order of keys: two transactions that meet the same people never wait for each other in a circle.
    for person in EndUser.objects.select_for_update().filter(user_id__in=changes).order_by("pk"):
        for event in sorted(changes[person.user_id], key=lambda one: one.occurred_at):
            if not _is_overtaken(person, event):
                _apply(person, event.context)
        person.save(update_fields=list(PROFILE))


def _is_overtaken(person: EndUser, event: Event) -> bool:
    later = PersonEvent.objects.filter(user=person, type__name=PROFILE_UPDATE, occurred_at__gt=event.occurred_at)
    return later.exists()


def _apply(person: EndUser, said: dict[str, Any]) -> None:
    for part in PROFILE:
        known = getattr(person, part)
        setattr(person, part, {**(known if isinstance(known, dict) else {}), **said.get(part, {})})
