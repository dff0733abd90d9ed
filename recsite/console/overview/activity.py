"""Tell what changed and what was done lately, by whom, one line each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse

from recsite.platform.models import AuditEntry, Job

LATEST = 8
SEE_CHANGES, SEE_JOBS = "platform.view_auditentry", "platform.view_job"


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line."""

    at: datetime
    sentence: str
    note: str
    link: str


def lines(user: AbstractBaseUser | AnonymousUser) -> list[Line]:
    """Return the latest lines that a member of staff may see, the latest first."""
    has: Any = user
    found: list[Line] = []
    if has.has_perm(SEE_CHANGES):
        found += _changes()
    if has.has_perm(SEE_JOBS):
        found += _jobs()
    return sorted(found, key=lambda line: line.at, reverse=True)[:LATEST]


def _changes() -> Iterator[Line]:
    for entry in AuditEntry.objects.order_by("-at", "-pk")[:LATEST]:
        verb = entry.verb.rpartition(".")[2].replace("_", " ")
        yield Line(
            entry.at,
            f"{entry.actor}: {verb} {entry.object_type} {entry.object_id}",
            entry.reason,
            reverse("admin:platform_auditentry_change", args=[entry.pk]),
        )


def _jobs() -> Iterator[Line]:
    for job in Job.objects.order_by("-pk")[:LATEST]:
        state = str(job.get_state_display())
        yield Line(
            job.finished_at or job.started_at or job.created_at,
            f"{job.title}: {state.lower()}",
            job.message,
            reverse("admin:platform_job_change", args=[job.pk]),
        )
