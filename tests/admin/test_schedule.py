"""The schedule: what beat starts, shown and switched off in the admin."""

import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.utils.imports import symbol_by_name

from recsite.beat import Entry, Scheduler
from recsite.platform.models import ScheduleDefault
from tests.admin.staff import Staff, waiting
from tests.outages import stoppable_redis

SCHEDULE = "/admin/django_celery_beat/periodictask/"


def run_beat() -> None:
    """Write the schedule of the settings, as the scheduler does when beat starts."""
    scheduler = symbol_by_name(current_app.conf.beat_scheduler)
    for name, entry in current_app.conf.beat_schedule.items():
        scheduler.Entry.from_entry(name, app=current_app, **entry)


@pytest.fixture
def retraining() -> PeriodicTask:
    run_beat()
    return PeriodicTask.objects.get(name="Retrain and promote")


def test_before_beat_has_run_the_page_says_so(admin: Staff) -> None:
    assert "Beat has not run yet: it writes its schedule here when it starts." in admin.page(SCHEDULE)


def test_after_that_every_entry_is_shown(admin: Staff, retraining: PeriodicTask) -> None:
    page = admin.page(SCHEDULE)
    for name in settings.CELERY_BEAT_SCHEDULE:
        assert name in page
    assert "Train and, unless told otherwise, promote and warm." in admin.page(f"{SCHEDULE}{retraining.pk}/change/")


def test_what_staff_switch_off_stays_off_when_beat_starts_again(admin: Staff, retraining: PeriodicTask) -> None:
    admin.post(SCHEDULE, action="disable_tasks", _selected_action=[retraining.pk])
    run_beat()
    retraining.refresh_from_db()
    assert not retraining.enabled


def test_what_staff_set_stays_when_beat_starts_again(retraining: PeriodicTask) -> None:
    retraining.interval = IntervalSchedule.objects.create(every=7, period="hours")
    retraining.kwargs, retraining.queue, retraining.description = '{"promote": false}', "slow", "At night."
    retraining.save()
    run_beat()
    retraining.refresh_from_db()
    assert (retraining.interval.every, retraining.interval.period) == (7, "hours")
    assert (retraining.kwargs, retraining.queue) == ('{"promote": false}', "slow")


def test_another_kind_of_schedule_that_staff_chose_stays(retraining: PeriodicTask) -> None:
    retraining.interval, retraining.crontab = None, CrontabSchedule.objects.create(minute="0", hour="3")
    retraining.save()
    run_beat()
    retraining.refresh_from_db()
    assert retraining.interval is None
    assert retraining.crontab.hour == "3"


def test_what_staff_left_alone_follows_the_settings(retraining: PeriodicTask, monkeypatch: pytest.MonkeyPatch) -> None:
    retraining.queue = "slow"
    retraining.save()
    changed = {"task": retraining.task, "schedule": 1800.0, "options": {"expire_seconds": 1800}}
    monkeypatch.setitem(current_app.conf.beat_schedule, retraining.name, changed)
    run_beat()
    retraining.refresh_from_db()
    assert (retraining.interval.every, retraining.expire_seconds, retraining.queue) == (1800, 1800, "slow")


def test_after_an_upgrade_nothing_that_staff_may_have_set_is_undone(retraining: PeriodicTask) -> None:
    ScheduleDefault.objects.all().delete()
    retraining.interval = IntervalSchedule.objects.create(every=7, period="hours")
    retraining.save()
    for _ in range(2):
        run_beat()
        retraining.refresh_from_db()
        assert retraining.interval.every == 7


def test_a_renamed_task_is_found(retraining: PeriodicTask) -> None:
    PeriodicTask.objects.filter(pk=retraining.pk).update(task="recommender.tasks.of_old")
    run_beat()
    retraining.refresh_from_db()
    assert retraining.task == "recommender.tasks.train"


def test_the_wait_counts_from_the_last_run_however_often_beat_restarts() -> None:
    run_beat()
    ran = timezone.now() - timedelta(hours=23)
    PeriodicTask.objects.filter(name="Rebuild everything").update(last_run_at=ran)
    run_beat()
    entry = Entry(PeriodicTask.objects.get(name="Rebuild everything"), app=current_app)
    assert not entry.is_due().is_due
    assert entry.is_due().next == pytest.approx(3600, abs=60)


def test_what_never_ran_is_due_a_day_after_its_row_was_made_however_often_beat_restarts() -> None:
    run_beat()
    PeriodicTask.objects.update(date_changed=timezone.now() - timedelta(hours=25))
    run_beat()
    assert Entry(PeriodicTask.objects.get(name="Rebuild everything"), app=current_app).is_due().is_due


def test_the_last_run_is_stored_at_once_lest_a_killed_beat_runs_it_again() -> None:
    scheduler = Scheduler(app=current_app, lazy=True)
    scheduler._last_sync = time.monotonic()
    assert not scheduler.should_sync()
    scheduler._tasks_since_sync = 1
    assert scheduler.should_sync()


OLD = ("Take in what is new", "recommender.tasks.incremental_update")


def test_rows_of_old_names_are_renamed_and_keep_what_staff_set() -> None:
    interval = IntervalSchedule.objects.create(every=33, period="seconds")
    PeriodicTask.objects.create(name=OLD[0], task=OLD[1], interval=interval, enabled=False)
    import_module("recsite.platform.migrations.0008_schedule").rename(apps, connection.schema_editor())
    run_beat()
    row = PeriodicTask.objects.get(name="Incremental update")
    assert (row.task, row.enabled, row.interval.every) == ("recommender.tasks.incremental_update", False, 33)
    assert not PeriodicTask.objects.filter(name=OLD[0]).exists()


def test_messages_in_flight_of_old_names_are_still_understood() -> None:
    for name in ("take_in", "add_up", "look_for_drift", "forget_the_rare", "reap"):
        assert current_app.tasks[f"recommender.tasks.{name}"].soft_time_limit


def test_a_tick_that_waited_longer_than_its_interval_is_dropped(retraining: PeriodicTask) -> None:
    assert Entry(retraining, app=current_app).options["expires"] == retraining.interval.every


def test_beat_reads_its_schedule_from_here_and_adds_nothing_of_its_own() -> None:
    assert issubclass(symbol_by_name(current_app.conf.beat_scheduler), DatabaseScheduler)
    assert current_app.conf.result_expires is None


def test_an_entry_is_run_at_once(admin: Staff, retraining: PeriodicTask) -> None:
    admin.post(SCHEDULE, action="run_tasks", _selected_action=[retraining.pk])
    assert [name for name, _ in waiting()] == ["train"]


def test_with_the_queue_gone_one_sentence_says_so(
    admin: Staff, retraining: PeriodicTask, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        monkeypatch.setattr(current_app.conf, "broker_write_url", server.url)
        monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
        answer = admin.post(SCHEDULE, action="run_tasks", _selected_action=[retraining.pk])
        assert "The queue can't be reached, so nothing was started" in admin.follow(answer)
