"""Keep accepted events that can't be stored as dead letters, whole and with the reason; ignore those that may stay."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from interactions.letter_kinds import Group
from interactions.models import DeadLetter, IgnoredLetters
from interactions.schema import Event
from recsite.platform import audit
from recsite.platform.audit import Actor

OBJECT = "dead letters of"
"""What the record of changes speaks of; a group's kind and name follow."""


def keep(lost: Iterable[tuple[str, str, Event]], as_happened: bool = False) -> None:
    """Keep events, each with the source it came by and the reason why it can't be stored.

    With `as_happened` they count as received when they happened: those of a log that is read afterwards.
    """
    now = timezone.now()
    save(
        DeadLetter(
            source=source,
            reason=reason,
            payload=_payload(event),
            received_at=event.occurred_at if as_happened else now,
        )
        for source, reason, event in lost
    )


def save(rows: Iterable[DeadLetter]) -> None:
    """Store new letters by their groups; those of a group that staff ignore are ignored as well."""
    letters = [row.sort() for row in rows]
    ignored = _ignored_among({letter.kind for letter in letters})
    for letter in letters:
        letter.is_ignored = letter.group in ignored
    DeadLetter.objects.bulk_create(letters)


def is_ignored(group: Group) -> bool:
    """Tell whether staff ignore a group."""
    return group in _ignored_among({group.kind})


@transaction.atomic
def ignore(group: Group, *, actor: Actor) -> bool:
    """Stop counting the letters of a group, also those to come; return False where that was so already."""
    _, is_new = IgnoredLetters.objects.get_or_create(kind=group.kind, named=group.named, defaults={"by": actor.name})
    return is_new and _mark(group, True, actor)


@transaction.atomic
def restore(group: Group, *, actor: Actor) -> bool:
    """Count the letters of an ignored group again; return False where nobody ignores it."""
    deleted, _ = IgnoredLetters.objects.filter(kind=group.kind, named=group.named).delete()
    return bool(deleted) and _mark(group, False, actor)


def _mark(group: Group, ignored: bool, actor: Actor) -> bool:
    number = DeadLetter.objects.of(group).update(is_ignored=ignored)
    audit.record(
        actor,
        f"dead_letter.{'ignore' if ignored else 'restore'}",
        OBJECT,
        " ".join(group),
        before={"ignored": not ignored},
        after={"ignored": ignored, "letters": number},
    )
    return True


def _ignored_among(kinds: set[str]) -> set[tuple[str, str]]:
    return set(IgnoredLetters.objects.filter(kind__in=kinds).values_list("kind", "named")) if kinds else set()


def _payload(event: Event) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(event).items() if name != "review" or value}
    return fields | {"event_id": str(event.event_id), "occurred_at": event.occurred_at.isoformat()}
