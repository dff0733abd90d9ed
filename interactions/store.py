"""Store single events, all or none; what comes again changes nothing. Files go by `importing`."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from catalog import erasure, merging, opting_out, upserts
from catalog.ids import reserved_reason
from interactions import letters, profiles, reviews, taking_back
from interactions.identity import content_of, key_of, repeats, stored_contents
from interactions.marking import mark_of
from interactions.schema import Event
from interactions.staging import Packer, Staged, Staging, in_arrays, in_table

MANY = 100
"""Events from which on they are copied into a table, instead of being sent as arrays."""

OTHER_CONTENT = "Another event has this id and time. Send each event with an id of its own."


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """Holds an event that was new, with the keys of its rows."""

    pk: int
    event_id: UUID
    user_id: str
    user_pk: int
    item_pk: int
    """0 where the event is about no item."""
    type: str
    value: float | None
    occurred_at: datetime
    undated: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Says why an event can't be stored, by its position in the batch."""

    position: int
    reason: str
    """A sentence."""
    field: str = ""
    """The field that the sender has to change; empty where the event itself may be right, as with an unknown item."""
    is_erased: bool = False
    """Tell that the user was erased: nothing of the event is kept anywhere."""


@dataclass(frozen=True)
class Stored:
    """Holds the outcome of a batch."""

    stored: tuple[StoredEvent, ...] = ()
    repeated: tuple[int, ...] = ()
    """Positions of events that are stored already with the same content."""
    refused: tuple[Refusal, ...] = ()
    dropped: tuple[int, ...] = ()
    """Positions of events of users who opted out: they are right, and kept nowhere."""

    @property
    def duplicates(self) -> int:
        return len(self.repeated)

    @property
    def erased(self) -> frozenset[int]:
        """Return the positions of events whose users were erased."""
        return frozenset(refusal.position for refusal in self.refused if refusal.is_erased)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return the sentences of the refusals."""
        return tuple(refusal.reason for refusal in self.refused)


class _OtherContentStored(Exception):
    """Rolls an attempt back: under the ids of its events at `positions`, something else is stored."""

    def __init__(self, positions: Collection[int]) -> None:
        super().__init__(positions)
        self.positions = positions


class _UsersMerged(Exception):
    """Rolls an attempt back: some of its users are other names of known ones."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self.known = known


@dataclass(frozen=True, slots=True)
class _Attempt:
    stored: tuple[StoredEvent, ...] = ()
    known: frozenset[int] = frozenset()
    """Positions of events that were stored before."""
    refused: tuple[Refusal, ...] = ()
    dropped: frozenset[int] = frozenset()
    """Positions of events of users who opted out."""


@transaction.atomic(savepoint=False)
def store(
    events: Sequence[Event],
    source: str | Sequence[str] = "api",
    dead_letters: bool = True,
    as_happened: bool = False,
) -> Stored:
    """Store the events in one transaction. Unknown users are added; unknown items are a matter of UNKNOWN_ITEM_POLICY.

    An event is the same if id and time are the same. The first of a batch counts; one with other content is refused and
    leaves no trace. `source`, of all or of each, is written on dead letters, which hold what can't be stored though it
    may be right; without `dead_letters` the caller keeps it.
    With `as_happened` events count as received when they happened: those of a log that is read afterwards.
    """
    repeated, conflicting = repeats(events)
    while True:
        left_out = repeated.keys() | conflicting
        taken = [(position, event) for position, event in enumerate(events) if position not in left_out]
        try:
            done = _attempt(taken, as_happened)
            break
        except _UsersMerged as found:
            events = [replace(one, user_id=found.known.get(one.user_id, one.user_id)) for one in events]
            repeated, conflicting = repeats(events)
        except _OtherContentStored as found:
            conflicting.update(found.positions)
            conflicting.update(position for position, first in repeated.items() if first in conflicting)
    unknown = list(done.refused)
    erased = {refusal.position for refusal in unknown if refusal.is_erased}
    unknown += [_erased(position) for position, first in repeated.items() if first in erased]
    lost = [refusal for refusal in unknown if not refusal.field]
    if lost and dead_letters:
        sources = [source] * len(events) if isinstance(source, str) else source
        dead_letters_of = ((sources[one.position], one.reason, events[one.position]) for one in lost)
        letters.keep(dead_letters_of, as_happened)
    refused = [*unknown, *(Refusal(position, OTHER_CONTENT, "event_id") for position in conflicting)]
    refused.sort(key=lambda refusal: refusal.position)
    dropped = done.dropped | {position for position, first in repeated.items() if first in done.dropped}
    same = (repeated.keys() - conflicting - dropped - {refusal.position for refusal in refused}) | done.known
    opting_out.dropped.inc(len(dropped))
    return Stored(done.stored, tuple(sorted(same)), tuple(refused), tuple(sorted(dropped)))


@transaction.atomic
def _attempt(batch: Sequence[tuple[int, Event]], as_happened: bool) -> _Attempt:
    """Store events that differ in id or time, and say what became of them.

    Raises _OtherContentStored and _UsersMerged.
    """
    if not batch:
        return _Attempt()
    with connection.cursor() as cursor:
        staging = _stage(cursor, batch, as_happened)
        staging.make_placeholders()
        refused = [Refusal(lost.position, _sentence(lost.reason)) for lost in staging.find_unknown()]
        refused += [Refusal(at, taking_back.UNKNOWN) for at in taking_back.unknown(_without(batch, refused))]
        known = _without(batch, refused)
        if len(known) < len(batch) and known:
            staging = _stage(cursor, known, as_happened)
        # Events of users whom `refuse` removes are stored by no statement: all of them join with the users.
        new = staging.upsert_users() if known else []
        lost = {refusal.position for refusal in refused}
        others = {event.user_id for position, event in batch if position in lost}
        if merged := merging.known_as({*new, *others}):
            raise _UsersMerged(merged)
        if reserved := upserts.refuse_reserved_users(new):
            refused += [_reserved(position, event) for position, event in known if event.user_id in reserved]
            known = _without(batch, refused)
        erased = erasure.refuse(new, others)
        if erased:
            refused = _with_erased(batch, refused, erased)
            known = _without(batch, refused)
        keys = _insert(staging, known) if known else {}
    missing = [(position, event) for position, event in known if position not in keys]
    other, absent = _compare(missing)
    if other:
        raise _OtherContentStored(other)
    dropped = _opted_out([*absent, *((position, event) for position, event in batch if position in lost)])
    fresh = [(event, *keys[position]) for position, event in known if position in keys]
    profiles.update(event for event, *_ in fresh)
    reviews.keep(fresh)
    taking_back.apply(fresh)
    return _Attempt(
        tuple(stored_event(*one) for one in fresh),
        frozenset(position for position, _ in missing) - dropped,
        tuple(refusal for refusal in refused if refusal.is_erased or refusal.position not in dropped),
        dropped,
    )


def _opted_out(events: Sequence[tuple[int, Event]]) -> frozenset[int]:
    """Return the positions of those of events that were not stored whose users opted out."""
    users = opting_out.opted_out_among({event.user_id for _, event in events})
    return frozenset(position for position, event in events if event.user_id in users)


def _without(batch: Sequence[tuple[int, Event]], refused: Sequence[Refusal]) -> Sequence[tuple[int, Event]]:
    lost = {refusal.position for refusal in refused}
    return [(position, event) for position, event in batch if position not in lost] if lost else batch


def refusals(events: Sequence[Event], erased: Collection[str]) -> tuple[Refusal, ...]:
    """Return a refusal for each event of an erased user."""
    return tuple(_erased(position) for position, event in enumerate(events) if event.user_id in erased)


def _with_erased(
    batch: Sequence[tuple[int, Event]], refused: Sequence[Refusal], erased: Collection[str]
) -> list[Refusal]:
    """Return the refusals with one for each event of an erased user, in place of what else is wrong with it."""
    positions = {position for position, event in batch if event.user_id in erased}
    return [*map(_erased, positions), *(refusal for refusal in refused if refusal.position not in positions)]


def _reserved(position: int, event: Event) -> Refusal:
    return Refusal(position, f"The id {reserved_reason(event.user_id)}.", "user_id")


def _erased(position: int) -> Refusal:
    return Refusal(position, erasure.SENTENCE, "user_id", is_erased=True)


def _stage(cursor: Any, batch: Sequence[tuple[int, Event]], as_happened: bool) -> Staging:
    """Send few along with each statement; copy many once."""
    staged = [_staged(position, event) for position, event in batch]
    if len(staged) < MANY:
        return in_arrays(cursor, staged, as_happened)
    packer = Packer()
    for event in staged:
        packer.add(event)
    return in_table(cursor, packer.take(), as_happened)


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
        mark_of(event.context),
    )


def _insert(staging: Staging, batch: Sequence[tuple[int, Event]]) -> dict[int, tuple[int, int, int]]:
    """Insert the events that are new; return the keys of user, item (or 0) and event by the events' positions."""
    rows = staging.insert_returning()
    if any(not event.item_id for _, event in batch):
        rows += staging.insert_without_item()
    return {position: (user_pk, item_pk, pk) for position, user_pk, item_pk, pk in rows}


def _compare(missing: Sequence[tuple[int, Event]]) -> tuple[list[int], list[tuple[int, Event]]]:
    """Compare events that could not be inserted with what is stored under their ids and times.

    Return the positions of those under which something else is stored, and those under which nothing is.
    """
    if not missing:
        return [], []
    contents = stored_contents([event for _, event in missing])
    other = [
        position for position, event in missing if contents.get(key_of(event), content_of(event)) != content_of(event)
    ]
    # What is not found was erased a moment ago (its copy is not to come back either), or its user opted out.
    return other, [(position, event) for position, event in missing if key_of(event) not in contents]


def stored_event(event: Event, user_pk: int, item_pk: int, pk: int) -> StoredEvent:
    return StoredEvent(
        pk, event.event_id, event.user_id, user_pk, item_pk, event.type, event.value, event.occurred_at, event.undated
    )


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:490]}."
