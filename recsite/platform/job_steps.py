"""Tell the steps of a job, how long each took, and how much is left: from its log, which the work writes as it goes."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from recsite.platform.humanize import duration
from recsite.platform.models import Job

COUNTER = re.compile(r"\d[\d,]* of \d[\d,]*")
"""How far a step is: "epoch 3 of 20"."""

LINE = re.compile(r"(\d\d):(\d\d):(\d\d) (.+)")
NUMBER = re.compile(r"\d[\d,.]*")
DEPTH = 2
"""Parts of a message that name its step: in "svd: fitting: epoch 3 of 20" the first two."""

MOST = 40
"""The latest steps that are told."""

SOON, ENOUGH = 0.05, timedelta(seconds=10)
"""How much of a job must be done, and how long it must run, before it is said how long the rest takes."""


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one step: what it does, how far it got, and how long it took, or takes so far."""

    name: str
    detail: str
    took: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class _Begun:
    name: str
    detail: str
    at: datetime


def steps(job: Job, now: datetime | None = None) -> list[Step]:
    """Return the steps of a job in their order; the sentence with which it ends is none."""
    begun = _begun(job)
    end = job.finished_at or now or timezone.now()
    found = []
    for number, one in enumerate(begun, 1):
        until = begun[number].at if number < len(begun) else end
        seconds = max((until - one.at).total_seconds(), 0.0)
        is_over = job.is_over or number < len(begun)
        # The log has whole seconds.
        found.append(Step(one.name, one.detail, duration(seconds) if seconds >= 1 else "under 1 s", is_over))
    return found[-MOST:]


def clock(job: Job, now: datetime | None = None) -> str:
    """Say how long a job took, or has run and will run; nothing of one that never began."""
    if job.started_at is None:
        return ""
    if job.is_over:
        return f"Took {duration(((job.finished_at or job.started_at) - job.started_at).total_seconds())}."
    ran = (now or timezone.now()) - job.started_at
    said = f"Running for {duration(round(ran.total_seconds()))}"
    if job.progress < SOON or job.progress >= 1 or ran < ENOUGH:
        return f"{said}."
    return f"{said}, {_roughly(ran.total_seconds() * (1 - job.progress) / job.progress)} left."


def as_json(job: Job) -> dict[str, Any]:
    """Return what the page of a job asks for while it stands open."""
    return {"clock": clock(job), "steps": [asdict(step) for step in steps(job)]}


def shape(message: str) -> str:
    """Return a message without how far it is; equal to the message where it says nothing of that."""
    return COUNTER.sub("#", message)


def _begun(job: Job) -> list[_Begun]:
    lines = job.log.splitlines()
    if job.is_over and lines and lines[-1][9:] == job.message:
        lines = lines[:-1]
    found: list[_Begun] = []
    at = job.started_at or job.created_at
    for line in lines:
        if (match := LINE.fullmatch(line)) is None:
            continue
        at = _next_time(at, *map(int, match.groups()[:3]))
        name, detail = _parts(match[4])
        if not name or (found and NUMBER.sub("#", name) == NUMBER.sub("#", found[-1].name)):
            latest = found.pop() if found else _Begun(job.title, "", at)
            found.append(replace(latest, name=name or latest.name, detail=detail or latest.detail))
            continue
        found.append(_Begun(name, detail, at))
    return found


def _parts(message: str) -> tuple[str, str]:
    """Return the name of the step that a message belongs to, if it says so, and how far that is."""
    parts = message.split(": ")
    names = [part for part in parts[:DEPTH] if not COUNTER.search(part)]
    return ": ".join(names), ": ".join(part for part in parts if part not in names)


def _next_time(after: datetime, hour: int, minute: int, second: int) -> datetime:
    """Return the first time of day like this that is not before `after`, whose fraction the log leaves out."""
    found = after.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return found if found >= after - timedelta(seconds=1) else found + timedelta(days=1)


def _roughly(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 120 else f"about {round(minutes / 60)} h"
