"""The schedule: what beat starts, shown and switched off in the admin."""

from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from tests.admin.staff import Staff, waiting
from tests.outages import stoppable_redis

SCHEDULE = "/admin/django_celery_beat/periodictask/"


def run_beat() -> None:
    """Writes the schedule of the settings, as beat does when it starts."""
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        ModelEntry.from_entry(name, app=current_app, **entry)


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
    assert "recommender.tasks.train" in admin.get(f"{SCHEDULE}{retraining.pk}/change/").content.decode()


def test_what_staff_switch_off_stays_off_when_beat_starts_again(admin: Staff, retraining: PeriodicTask) -> None:
    admin.post(SCHEDULE, action="disable_tasks", _selected_action=[retraining.pk])
    run_beat()
    retraining.refresh_from_db()
    assert not retraining.enabled


def test_a_tick_that_waited_longer_than_its_interval_is_dropped(retraining: PeriodicTask) -> None:
    assert ModelEntry(retraining, app=current_app).options["expires"] == retraining.interval.every


def test_beat_reads_its_schedule_from_here_and_adds_nothing_of_its_own() -> None:
    assert current_app.conf.beat_scheduler == "django_celery_beat.schedulers:DatabaseScheduler"
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
