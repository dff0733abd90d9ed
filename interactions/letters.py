"""Keep accepted events that can't be stored as dead letters, whole and with the reason."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from interactions.models import DeadLetter
from interactions.schema import Event


def keep(lost: Iterable[tuple[str, str, Event]], as_happened: bool = False) -> None:
    """Keep events, each with the source it came by and the reason why it can't be stored.

    With `as_happened` they count as received when they happened: those of a log that is read afterwards.
    """
    now = timezone.now()
    DeadLetter.objects.bulk_create(
        DeadLetter(
            source=source,
            reason=reason,
            payload=_payload(event),
            received_at=event.occurred_at if as_happened else now,
        )
        for source, reason, event in lost
    )


def _payload(event: Event) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(event).items() if name != "review" or value}
    return fields | {"event_id": str(event.event_id), "occurred_at": event.occurred_at.isoformat()}
