"""A real beat, started twice: what staff set in between stays, and nothing runs a second time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from recsite.beat import WAIT_SECS, Entry, Scheduler
from recsite.celery import app
from recsite.local.paths import PROJECT
from recsite.platform.locks import Turn
from recsite.platform.models import ScheduleDefault
from tests.outages import wait_until

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_beat_that_starts_again_keeps_what_staff_set_and_runs_what_is_due() -> None:
    with beat():
        wait_until(lambda: ScheduleDefault.objects.count() == len(settings.CELERY_BEAT_SCHEDULE), seconds=60)
    hours = IntervalSchedule.objects.create(every=7, period="hours")
    PeriodicTask.objects.filter(name="Retrain and promote").update(interval=hours)
    ran = timezone.now() - timedelta(hours=25)
    PeriodicTask.objects.filter(name="Rebuild everything").update(last_run_at=ran)
    with beat():
        # Those that run every few seconds have been sent meanwhile: whatever would be sent twice has been.
        wait_until(lambda: row("Deliver webhooks").total_run_count > 1, seconds=60)
    assert row("Rebuild everything").total_run_count == 1
    assert row("Retrain and promote").interval == hours
    assert row("Retrain and promote").last_run_at is None


def test_an_entry_that_staff_deleted_comes_back_switched_off() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["Check drift"]
    assert Entry.from_entry("Check drift", app=app, **entry).model.enabled
    row("Check drift").delete()
    Entry.from_entry("Check drift", app=app, **entry)
    Entry.from_entry("Check drift", app=app, **entry)
    assert not row("Check drift").enabled
    PeriodicTask.objects.filter(name="Check drift").update(enabled=True)
    assert Entry.from_entry("Check drift", app=app, **entry).model.enabled


def test_a_second_beat_waits_and_then_begins_with_what_the_first_has_sent() -> None:
    """Else a restart would send everything twice for as long as both are there."""
    PeriodicTask.objects.update(last_run_at=timezone.now())
    first, second = Scheduler(app=app, Producer=None), Scheduler(app=app, Producer=None)
    first.tick()
    assert second.tick() == WAIT_SECS
    ran = timezone.now() + timedelta(seconds=1)
    PeriodicTask.objects.filter(name="Check drift").update(last_run_at=ran)
    first.close()
    second.tick()
    assert second.schedule["Check drift"].last_run_at == ran
    second.close()


def test_what_another_beat_sent_before_the_first_look_is_known() -> None:
    """One that starts just before the other leaves has read the schedule as it was before the other's last work."""
    PeriodicTask.objects.update(last_run_at=timezone.now())
    starting = Scheduler(app=app, Producer=None)
    ran = timezone.now() + timedelta(seconds=1)
    PeriodicTask.objects.filter(name="Check drift").update(last_run_at=ran)
    starting.tick()
    assert starting.schedule["Check drift"].last_run_at == ran
    starting.close()


def test_a_beat_that_takes_over_sends_what_is_due_once() -> None:
    turn = Turn("Beat")
    assert turn.is_mine()
    with beat():
        wait_until(lambda: ScheduleDefault.objects.count() == len(settings.CELERY_BEAT_SCHEDULE), seconds=60)
        ran, now = timezone.now() - timedelta(hours=25), timezone.now()
        PeriodicTask.objects.update(last_run_at=now)
        PeriodicTask.objects.filter(name="Rebuild everything").update(last_run_at=ran)
        turn.give_back()
        # The short ones after it have been sent as well: whatever would be sent twice has been by then.
        wait_until(lambda: row("Deliver webhooks").total_run_count > 1, seconds=60)
    assert row("Rebuild everything").total_run_count == 1


def row(name: str) -> PeriodicTask:
    return PeriodicTask.objects.get(name=name)


@contextmanager
def beat() -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that runs the schedule of this database, killed in the end as the kernel would."""
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    environment = {**os.environ, "DATABASE_URL": url, "CELERY_BROKER_URL": settings.CELERY_BROKER_URL}
    command = [sys.executable, "-m", "celery", "-A", "recsite.celery", "beat", "--pidfile="]
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()
