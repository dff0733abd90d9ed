"""Say of each task of the schedule what it does, how often it runs, when it ran last, and when it runs next."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from recsite.console import timing
from recsite.console.schedule_form import purpose
from recsite.platform import task_runs
from recsite.platform.humanize import EMPTY, ago, distance
from recsite.platform.parts import Badge, State
from recsite.platform.task_runs import Run
from recsite.platform.units import Unit, write


@dataclass(frozen=True, slots=True)
class Timed:
    """Hold a task of the schedule, in words."""

    pk: int
    name: str
    is_on: bool
    purpose: str
    every: str
    last: str
    took: str
    next: str
    badge: Badge | None
    error: str
    """Why the last run failed; empty where it did not."""


def tasks() -> list[Timed]:
    """Return every task, by name."""
    rows = PeriodicTask.objects.select_related("interval", "crontab", "solar", "clocked").order_by("name")
    runs = task_runs.latest()
    return [_timed(row, runs.get(row.task)) for row in rows]


def every(task: PeriodicTask) -> str:
    """Say how often a task runs: every 30 seconds, or what its calendar says."""
    return str(timing.of(task))


def took(task: PeriodicTask) -> str:
    """Say how long the latest run took; a dash where nobody has noted it."""
    run = task_runs.latest().get(task.task)
    return write(run.secs if run else None, Unit.SECONDS)


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


def _timed(row: PeriodicTask, run: Run | None) -> Timed:
    error = run.error if run else ""
    badge = Badge("failed", State.BAD, error) if error else None
    return Timed(
        row.pk,
        row.name,
        row.enabled,
        purpose(row.task),
        every(row),
        ago(row.last_run_at),
        write(run.secs, Unit.SECONDS) if run else EMPTY,
        next_run(row),
        badge if row.enabled else Badge("off", State.WARN),
        error,
    )
