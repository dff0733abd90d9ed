"""Say of each task of the schedule how often it runs, when it ran last, and when it runs next."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from recsite.platform.humanize import ago, distance, duration

NOTHING_MORE = re.compile(r" 0 (s|min)$|\.0(?= s$)")
"""What a duration says after its last number that is one."""


@dataclass(frozen=True, slots=True)
class Timed:
    """Hold a task of the schedule, in words."""

    pk: int
    name: str
    is_on: bool
    every: str
    last: str
    next: str


def tasks() -> list[Timed]:
    """Return every task, by name."""
    rows = PeriodicTask.objects.select_related("interval", "crontab", "solar", "clocked").order_by("name")
    return [Timed(row.pk, row.name, row.enabled, every(row), ago(row.last_run_at), next_run(row)) for row in rows]


def every(task: PeriodicTask) -> str:
    """Say how often a task runs: 30 s, 6 h, or what its calendar says."""
    if task.interval:
        return NOTHING_MORE.sub("", duration(task.interval.schedule.run_every.total_seconds()))
    return str(task.scheduler or "never")


def next_run(task: PeriodicTask) -> str:
    """Say when a task runs next: now, in 3 minutes, or that it is off."""
    when, now = due(task), timezone.now()
    if when is None:
        return "off"
    return "now" if when <= now else distance(when).replace("just now", "within a minute")


def due(task: PeriodicTask) -> datetime | None:
    """Return when beat starts a task next; None for one that is switched off.

    As beat does, it counts from the last run, and before the first one from when the row was made or changed.
    """
    if not task.enabled:
        return None
    now = timezone.now()
    begin = max(now, task.start_time) if task.start_time else now
    return max(begin, now + task.schedule.remaining_estimate(task.last_run_at or task.date_changed))
