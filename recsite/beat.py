"""Run the schedule that staff see: the settings fill a new database, and what staff change afterwards stays.

django-celery-beat writes the settings over its rows at each start. That undid what staff had set, and made the wait of
an entry that had never run begin anew, because saving a row moves the date from which it counts.
"""

import logging
from typing import Any, Self

from celery import Celery
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from prometheus_client import Counter

from recsite.platform import pulse
from recsite.platform.locks import Turn
from recsite.platform.models import ScheduleDefault

logger = logging.getLogger(__name__)
WAIT_SECS = 2.0
"""How often a beat in waiting looks whether the one at work has left."""

sent = Counter("tasks_sent_total", "Tasks that beat has put into the queues.")
TIMES = ("interval", "crontab", "solar", "clocked")
"""The columns of which a row uses one: staff who choose another kind of schedule change them together."""


class Entry(ModelEntry):
    """A row of the schedule."""

    @classmethod
    def from_entry(cls, name: str, app: Celery | None = None, **entry: Any) -> Self:
        """Return the row called `name`, made where there is none; what staff left alone follows the settings.

        One that staff deleted comes back switched off: nothing runs, and they can switch it on again.
        """
        wanted: dict[str, Any] = cls._unpack_fields(**entry)
        for schedule in filter(None, map(wanted.get, TIMES)):
            # A new one holds the settings' own type (3600.0) until it is read.
            schedule.refresh_from_db()
        was_there = ScheduleDefault.objects.filter(name=name).exists()
        made = wanted | ({"enabled": False} if was_there else {})
        row, is_new = PeriodicTask.objects.get_or_create(name=name, defaults=made)
        if not is_new:
            _follow(row, wanted)
        ScheduleDefault.objects.update_or_create(name=name, defaults={"fields": _described(wanted)})
        return cls(row, app=app)


class Scheduler(DatabaseScheduler):
    """Beat's scheduler, for `CELERY_BEAT_SCHEDULER`."""

    Entry = Entry

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._turn, self._is_at_work, self._is_new = Turn("Beat"), False, True
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, and return the seconds until the next look; probes ask whether this goes on.

        Of several beats one works; the others wait until it has left, and then read anew what it sent last.
        """
        pulse.beat()
        if not self._turn.is_mine():
            if self._is_at_work or self._is_new:
                logger.info("Another beat is at work, or PostgreSQL is gone: this one waits for its turn.")
            self._is_at_work = self._is_new = False
            return WAIT_SECS
        if not self._is_at_work:
            # Another may have sent something since this one read, or started: all is read anew, as at a start.
            self._initial_read, self._heap, self._heap_invalidated = True, None, False
            self._is_at_work, self._is_new = True, False
        return float(super().tick(*args, **kwargs))

    def close(self) -> None:
        """Store what was sent last, and let the next beat work."""
        super().close()
        self._turn.give_back()

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Put a task into its queue, and count it. Raises SchedulingError where the broker takes none."""
        found = super().apply_async(*args, **kwargs)
        sent.inc()
        return found


def _follow(row: PeriodicTask, wanted: dict[str, Any]) -> None:
    """Bring a row up to changed settings, except where staff have set something else.

    A value is the settings' own as long as it is the one that the settings had at the last start.
    """
    before = ScheduleDefault.objects.filter(name=row.name).first()
    now, new = _described({name: getattr(row, name) for name in wanted}), _described(wanted)
    # The task's name is code, not a choice: a renamed task must be found.
    changed = {name for name in new if name == "task" or (before and before.fields.get(name) == now[name])}
    changed = {name for name in changed if new[name] != now[name]}
    for name in wanted:
        if name in changed or (name in TIMES and "times" in changed):
            setattr(row, name, wanted[name])
    if changed:
        row.save()


def _described(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as JSON can hold and compare them; the kinds of schedule as one."""
    times = [f"{name}: {fields[name]}" for name in TIMES if fields.get(name)]
    return {"times": times, **{name: value for name, value in fields.items() if name not in TIMES}}
