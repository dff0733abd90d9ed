"""Replay dead letters that were mended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog import erasure
from catalog.models import Item
from interactions import letters as kept
from interactions import producers, types, wire
from interactions.letter_kinds import group_of
from interactions.models import DeadLetter
from interactions.schema import Event, InvalidEvent, parse
from recsite.platform import audit
from recsite.platform.audit import SYSTEM, Actor

NO_OBJECT = "It is no JSON object: write one in its place, with user_id, item_id and type, then replay it."


@dataclass(frozen=True)
class Replayed:
    """Counts the outcome of a replay."""

    stored: int = 0
    still_dead: int = 0
    erased: int = 0

    def __str__(self) -> str:
        if not self.stored and not self.still_dead and not self.erased:
            return "There are no dead letters to replay."
        said = f"{self.stored:,} replayed, {self.still_dead:,} still can't be stored"
        said += ": their reasons say why." if self.still_dead else "."
        return f"{said} {self.erased:,} of erased users are deleted." if self.erased else said


def replay(letters: Iterable[DeadLetter], *, actor: Actor = SYSTEM) -> Replayed:
    """Store what the letters hold, and delete those that could be stored; the others say why they still can't be.

    One that was stored meanwhile, by another replay, is stored once. One of an erased user is deleted.
    """
    stored = still_dead = erased = 0
    for letter in letters:
        reason = attempt(letter, letter.payload)
        if reason == erasure.SENTENCE:
            erased += 1
        elif reason:
            still_dead += 1
        else:
            stored += 1
        _settle(letter, reason, actor)
    return Replayed(stored, still_dead, erased)


def attempt(letter: DeadLetter, payload: Any) -> str:
    """Store what a letter would hold; return why it can't be stored, empty where it is. The letter stays."""
    try:
        event = _read(payload)
    except InvalidEvent as fault:
        return _said(fault)
    return " ".join(producers.store_and_tell([event], letter.source, dead_letters=False).reasons)


def foresee(payloads: Sequence[Any]) -> list[str]:
    """Return for each payload why a replay could not store it, empty where it could; nothing is stored."""
    events = [_read_or_fault(payload) for payload in payloads]
    read = [event for event in events if isinstance(event, Event)]
    items = {event.item_id for event in read if event.item_id}
    known = set(Item.objects.filter(item_id__in=items).values_list("item_id", flat=True))
    erased = erasure.erased_among({event.user_id for event in read}) if read else set()
    return [_obstacle(event, known, erased) if isinstance(event, Event) else event for event in events]


def _obstacle(event: Event, known: set[str], erased: set[str]) -> str:
    if event.user_id in erased:
        return erasure.SENTENCE
    is_refused = event.item_id and event.item_id not in known and settings.UNKNOWN_ITEM_POLICY != "placeholder"
    return f"Unknown item {event.item_id}." if is_refused else ""


def _read_or_fault(payload: Any) -> Event | str:
    try:
        return _read(payload)
    except InvalidEvent as fault:
        return _said(fault)


def _said(fault: InvalidEvent) -> str:
    """Return what is wrong; of what is no object at all, without a field's name."""
    return fault.errors.get("", "") or str(fault)


def _read(payload: Any) -> Event:
    """Return the event that a letter holds. Raises InvalidEvent."""
    if not isinstance(payload, dict) or "raw" in payload:
        raise InvalidEvent({"": NO_OBJECT})
    # Letters of our own store say whether the time is known; no version of an event on a topic does.
    undated = payload.get("undated") is True
    fields = {name: value for name, value in payload.items() if name != "undated"}
    event = parse(wire.with_extra(fields), types.rules(), timezone.now(), settings.MAX_EVENT_CONTEXT_BYTES)
    return replace(event, undated=undated)


@transaction.atomic
def _settle(letter: DeadLetter, reason: str, actor: Actor) -> None:
    """Delete a letter that is stored, or of an erased user; write the reason into one that still isn't."""
    row = DeadLetter.objects.filter(pk=letter.pk)
    is_over = not reason or reason == erasure.SENTENCE
    if is_over:
        row.delete()
    else:
        group = group_of(reason, letter.payload)
        row.update(
            reason=reason[:500],
            attempts=F("attempts") + 1,
            kind=group.kind,
            named=group.named,
            is_ignored=kept.is_ignored(group),
        )
    # Without the reason and the event: an erasure would not find the user's id there.
    outcome = "still dead" if not is_over else "erased" if reason else "stored"
    audit.record(actor, "dead_letter.replay", "dead letter", letter.pk, after={"outcome": outcome})
