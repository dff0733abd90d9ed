"""The only writer of single events: all or none, and the same again when they come again. Files go by `importing`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from interactions import profiles
from interactions.models import DeadLetter, Review
from interactions.schema import Event
from interactions.staging import Packer, Staged, Staging, Unknown, in_arrays, in_table

MANY = 100
"""Events from which on they are copied into a table, instead of being sent as arrays."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event that was new, with the keys of its rows."""

    event_id: UUID
    user_id: str
    user_pk: int
    item_pk: int
    """0 where the event is about no item."""
    type: str
    value: float | None
    occurred_at: datetime


@dataclass(frozen=True)
class Stored:
    """What became of a batch: the new events, how many were known already, and what could not be stored."""

    stored: tuple[StoredEvent, ...] = ()
    duplicates: int = 0
    reasons: tuple[str, ...] = ()
    """Why the others could not be stored, a sentence each."""
    lost: tuple[int, ...] = ()
    """Their positions in the batch."""

    @property
    def dead(self) -> int:
        return len(self.reasons)


def store(events: Sequence[Event], source: str | Sequence[str] = "api", bury: bool = True) -> Stored:
    """Stores the events in one transaction. A person who is unknown is made; an item by UNKNOWN_ITEM_POLICY.

    An event is the same if id and time are the same. `source`, of all or of each, is written on what ends as a dead
    letter; without `bury` the caller keeps what could not be stored.
    """
    if not events:
        return Stored()
    with transaction.atomic(), connection.cursor() as cursor:
        staged = [_staged(position, event) for position, event in enumerate(events)]
        staging = _stage(cursor, staged)
        staging.make_placeholders()
        unknown = staging.find_unknown()
        if unknown:
            if bury:
                _bury(events, unknown, [source] * len(events) if isinstance(source, str) else source)
            lost = {event.position for event in unknown}
            staged = [event for event in staged if event.position not in lost]
            staging = _stage(cursor, staged) if staged else staging
        stored = _insert(staging, events) if staged else ()
    reasons = tuple(_sentence(lost.reason) for lost in unknown)
    return Stored(stored, len(staged) - len(stored), reasons, tuple(lost.position for lost in unknown))


def _staged(position: int, event: Event) -> Staged:
    return Staged(
        position,
        event.event_id,
        event.user_id,
        event.item_id,
        event.type,
        None if event.value is None else float(event.value),
        event.occurred_at,
        event.undated,
        json.dumps(event.context) if event.context else None,
    )


def _stage(cursor: Any, staged: Sequence[Staged]) -> Staging:
    """Few are sent along with each statement; many are copied once."""
    if len(staged) < MANY:
        return in_arrays(cursor, staged)
    packer = Packer()
    for event in staged:
        packer.add(event)
    return in_table(cursor, packer.take())


def _insert(staging: Staging, events: Sequence[Event]) -> tuple[StoredEvent, ...]:
    staging.meet_people()
    by_key = {(event.event_id, event.occurred_at): event for event in events}
    rows = staging.insert_returning()
    if any(not event.item_id for event in events):
        rows += staging.insert_without_item()
        profiles.update(by_key[event_id, at] for event_id, _, _, at in rows)
    if any(event.review for event in events):
        _keep_reviews([(by_key[event_id, at], user_pk, item_pk) for event_id, user_pk, item_pk, at in rows])
    return tuple(_stored(by_key[event_id, at], user_pk, item_pk) for event_id, user_pk, item_pk, at in rows)


def _keep_reviews(stored: Sequence[tuple[Event, int, int]]) -> None:
    Review.objects.bulk_create(
        Review(
            event_id=event.event_id,
            occurred_at=event.occurred_at,
            user_id=user_pk,
            item_id=item_pk,
            value=event.value or 0.0,
            title=event.review.get("title", ""),
            text=event.review["text"],
        )
        for event, user_pk, item_pk in stored
        if event.review
    )


def _stored(event: Event, user_pk: int, item_pk: int) -> StoredEvent:
    return StoredEvent(event.event_id, event.user_id, user_pk, item_pk, event.type, event.value, event.occurred_at)


def _bury(events: Sequence[Event], unknown: Sequence[Unknown], sources: Sequence[str]) -> None:
    DeadLetter.objects.bulk_create(
        DeadLetter(
            source=sources[lost.position], reason=_sentence(lost.reason), payload=_payload(events[lost.position])
        )
        for lost in unknown
    )


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:490]}."


def _payload(event: Event) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(event).items() if name != "review" or value}
    return fields | {"event_id": str(event.event_id), "occurred_at": event.occurred_at.isoformat()}
