"""Gather what is kept of a user's events: those that are stored, and those that wait to be."""

from collections.abc import Iterator
from typing import Any

from catalog.models import EndUser
from interactions import wire
from interactions.erasing import NAMES_USERS, parameters_of
from interactions.histories import event_out, everything_of
from interactions.models import DeadLetter, OutboxMessage


def of_user(user: EndUser) -> Iterator[tuple[str, Any]]:
    """Yield a user's events, those among the dead letters, and those that wait for Kafka. For PERSONAL_DATA."""
    names = [user.user_id, *user.merged.values_list("user_id", flat=True)]
    yield "interactions", (event_out(row, review, user_id=user.user_id) for row, review in everything_of(user))
    letters = DeadLetter.objects.extra(where=[NAMES_USERS], params=parameters_of(names))
    yield "dead_letters", ({"reason": one.reason, "payload": one.payload} for one in letters.order_by("pk"))
    waiting = OutboxMessage.objects.filter(is_event=True, key__in=names).order_by("pk")
    yield "waiting", (wire.readable(bytes(value)) for value in waiting.values_list("value", flat=True))
