"""The record of who changed what: verbs write it themselves, in the transaction of the change.

Signals would miss the verbs that change many rows at once, and would not know who asked.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Case, CharField, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils import timezone

from recsite.platform.log_privacy import hashed
from recsite.platform.models import AuditEntry

Kind = AuditEntry.Kind
USER = "user"
LONGEST_ID, LONGEST_REASON = 255, 500
THE_SCHEDULE = "the schedule"
"""How pages and answers name whatever entry of the schedule it was."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Name who makes a change and the door it came in by. Every verb that changes what others see takes one."""

    kind: Kind
    name: str
    door: str

    @classmethod
    def staff(cls, request: HttpRequest, door: str = "admin") -> "Actor":
        """Return the member of staff who is signed in."""
        return cls(Kind.STAFF, request.user.get_username(), door)

    @classmethod
    def command(cls, name: str) -> "Actor":
        """Return a command of manage.py."""
        return cls(Kind.COMMAND, name, "command")

    @classmethod
    def schedule(cls, name: str) -> "Actor":
        """Return an entry of the schedule."""
        return cls(Kind.SCHEDULE, name, "schedule")


SYSTEM = Actor(Kind.SYSTEM, "recsite", "system")
"""What the product does by itself, such as giving up a job whose worker was killed."""


_undone: ContextVar[AuditEntry | None] = ContextVar("undone", default=None)
"""The change that is being taken back: the next entry says so."""


@contextmanager
def undoing(entry: AuditEntry) -> Iterator[None]:
    """Have the first change that is recorded within say that it takes back `entry`."""
    token = _undone.set(entry)
    try:
        yield
    finally:
        _undone.reset(token)


def record(
    actor: Actor,
    verb: str,
    object_type: str,
    object_id: object,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Write down one change. Call it in the transaction of the change, so that both are there or neither.

    `before` and `after` hold the fields that changed, as JSON; for many objects at once, what they have in common.
    Of a user the id is hashed and the profile's values don't belong here: an erasure would have to find them. `at` is
    when it was, where that isn't now.
    """
    undone = _undone.get()
    AuditEntry.objects.create(
        at=at or timezone.now(),
        actor_kind=actor.kind,
        actor=actor.name[:150],
        door=actor.door,
        verb=verb,
        object_type=object_type,
        object_id=hashed(str(object_id)) if object_type == USER else str(object_id)[:LONGEST_ID],
        before=dict(before or {}),
        after=dict(after or {}),
        reason=(reason or (f"Undo of change {undone.pk}." if undone else ""))[:LONGEST_REASON],
        request_id=structlog.contextvars.get_contextvars().get("request_id") or "",
        undoes=undone,
    )
    _undone.set(None)


def record_change(
    actor: Actor,
    verb: str,
    object_type: str,
    object_id: object,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Write down the fields that differ between two states of an object; nothing where none does."""
    changed = {name: value for name, value in after.items() if value != before[name]}
    if changed:
        was = {name: before[name] for name in changed}
        record(actor, verb, object_type, object_id, before=was, after=changed, reason=reason, at=at)


def latest_actor(object_type: str, verbs: Collection[str]) -> Subquery:
    """Return an expression for queries of rows of this type: who did one of these verbs to each row last.

    It is the account, the key with its prefix, the command, or the schedule; null where nobody wrote it down.
    """
    done = AuditEntry.objects.filter(
        object_type=object_type, object_id=Cast(OuterRef("pk"), CharField()), verb__in=verbs
    )
    name = Case(When(actor_kind=Kind.SCHEDULE, then=Value(THE_SCHEDULE)), default=F("actor"))
    return Subquery(done.order_by("-at", "-pk").annotate(name=name).values("name")[:1])
