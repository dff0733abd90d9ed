"""Tell what changed and what was done lately, by whom, one line each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse

from recsite.platform.audit import Kind
from recsite.platform.models import AuditEntry, Job

LATEST = 8
READ = 40
"""Changes that are read for so many lines: a training makes one for each of its models."""

NAMED = 3
DID = {
    "add_second_factor": "added a second factor to",
    "begin": "began",
    "cancel": "cancelled",
    "choose": "chose",
    "discard_draft": "discarded the draft of",
    "hide": "hid",
    "keep": "kept",
    "merge": "merged",
    "opt_in": "opted in",
    "opt_out": "opted out",
    "remove_second_factor": "removed the second factor of",
    "replay_all": "replayed all of",
    "roll_back": "went back to",
    "set_password": "set the password of",
    "ship": "shipped",
    "show_again": "showed again",
    "sign_in": "signed in",
    "sign_out": "signed out",
    "stop": "stopped",
    "take_out": "took a model out for",
}
"""Verbs of the record of changes whose past tense is not made by an ending."""

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
    """Yield a line for each change, and one for changes of many by the same that follow each other."""
    entries = AuditEntry.objects.order_by("-at", "-pk")[:READ]
    for (who, verb, kind), run in groupby(entries, key=lambda one: (_who(one), one.verb, one.object_type)):
        same = list(run)
        latest = same[0]
        ids = [one.object_id for one in same if one.object_id]
        named = f" {', '.join(ids[:NAMED])}" if ids else ""
        more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        many = "" if len(same) == 1 else "s"
        yield Line(
            latest.at,
            f"{who} {_did(verb)} {kind.replace('_', ' ')}{many}{named}{more}",
            latest.reason,
            reverse("admin:platform_auditentry_change", args=[latest.pk]),
        )


def _who(entry: AuditEntry) -> str:
    """Name who did it, so that a command or the schedule is not taken for somebody."""
    if entry.actor_kind == Kind.COMMAND:
        return f"The command {entry.actor}"
    if entry.actor_kind == Kind.SCHEDULE:
        return f"The schedule ({entry.actor})"
    return str(entry.actor)


def _did(verb: str) -> str:
    """Return what was done in the past tense, as a sentence has it."""
    word = verb.rpartition(".")[2]
    if word in DID:
        return DID[word]
    first, *rest = word.split("_")
    past = f"{first}d" if first.endswith("e") else f"{first}ed"
    return " ".join([past, *rest])


def _jobs() -> Iterator[Line]:
    for job in Job.objects.order_by("-pk")[:LATEST]:
        state = str(job.get_state_display())
        yield Line(
            job.finished_at or job.started_at or job.created_at,
            f"{job.title}: {state.lower()}",
            job.message,
            reverse("admin:platform_job_change", args=[job.pk]),
        )
