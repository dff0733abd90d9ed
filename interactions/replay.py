"""Replay dead letters that were mended."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from catalog import erasure
from interactions import producers, types, wire
from interactions.models import DeadLetter
from interactions.schema import InvalidEvent, parse
from recsite.platform import audit
from recsite.platform.audit import SYSTEM, Actor


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
        reason = _try(letter)
        if reason == erasure.SENTENCE:
            erased += 1
        elif reason:
            still_dead += 1
        else:
            stored += 1
        _settle(letter, reason, actor)
    return Replayed(stored, still_dead, erased)


@transaction.atomic
def _settle(letter: DeadLetter, reason: str, actor: Actor) -> None:
    """Delete a letter that is stored, or of an erased user; write the reason into one that still isn't."""
    row = DeadLetter.objects.filter(pk=letter.pk)
    is_over = not reason or reason == erasure.SENTENCE
    if is_over:
        row.delete()
    else:
        row.update(reason=reason[:500], attempts=F("attempts") + 1)
    # Without the reason and the event: an erasure would not find the user's id there.
    outcome = "still dead" if not is_over else "erased" if reason else "stored"
    audit.record(actor, "dead_letter.replay", "dead letter", letter.pk, after={"outcome": outcome})


def _try(letter: DeadLetter) -> str:
    """Return why it can't be stored; empty where it is."""
    payload = letter.payload
    if not isinstance(payload, dict) or "raw" in payload:
        return "It is no JSON object: write one in its place, with user_id, item_id and type, then replay it."
    # Letters of our own store say whether the time is known; no version of an event on a topic does.
    undated = payload.get("undated") is True
    fields = {name: value for name, value in payload.items() if name != "undated"}
    try:
        event = parse(wire.with_extra(fields), types.rules(), timezone.now(), settings.MAX_EVENT_CONTEXT_BYTES)
    except InvalidEvent as fault:
        return str(fault)
    return " ".join(
        producers.store_and_tell([replace(event, undated=undated)], letter.source, dead_letters=False).reasons
    )
