"""Health: every part with its state and what to do, processes, queues, partitions, the schedule and Kafka."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from recommender.serving import processes
from recsite.console import schedule
from recsite.platform import workers
from recsite.platform.models import AuditEntry
from recsite.roles import OPERATOR, VIEWER
from tests.admin.staff import Staff, member, waiting
from tests.admin.test_schedule import run_beat
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop

HEALTH = "/admin/health/"


def task(name: str = "Check drift") -> PeriodicTask:
    run_beat()
    return PeriodicTask.objects.get(name=name)


def test_each_part_has_its_state_and_how_long_it_took(viewer: Staff, shop: Shop) -> None:
    workers.note()
    page = viewer.page(HEALTH)
    assert "Every part works." in page
    for words in (
        "Database works",
        "Redis works",
        "Task broker works",
        "0 tasks waiting.",
        "Kafka works",
        "Not in use.",
    ):
        assert words in page, words
    assert f"Release {shop.release.pk}, live for" in page


def test_what_is_down_is_a_line_with_what_to_do(viewer: Staff, shop: Shop, settings: Any, tmp_path: Path) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        page = viewer.page(HEALTH)
    assert "down." in page
    assert "Redis down" in page
    assert "Check that Redis runs, and that REDIS_URL leads to it." in page
    assert "nobody knows what each process has loaded" in page


def test_each_process_says_which_release_it_has(viewer: Staff, shop: Shop) -> None:
    processes.forget()
    processes.report(processes.WEB)
    page = viewer.page(HEALTH)
    assert f"web {shop.release.pk} as live" in page
    assert "In force in the one process since" in page


def test_the_schedule_says_how_often_when_last_and_when_next(db: None) -> None:
    row, viewer = task(), member(VIEWER)
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=timezone.now() - timedelta(minutes=4))
    page = viewer.page(HEALTH)
    assert "Check drift every 10 minutes Compare the latest events with the training's" in page
    assert "4 minutes ago – in 5 minutes" in page
    assert "Run now" not in page
    listed = viewer.page("/admin/django_celery_beat/periodictask/")
    assert "in 5 minutes" in listed


@pytest.mark.parametrize(
    ("secs", "words"),
    [(5, "5 seconds"), (60, "minute"), (600, "10 minutes"), (6 * 3600, "6 hours"), (86_400, "24 hours")],
)
def test_intervals_in_words(db: None, secs: int, words: str) -> None:
    interval = IntervalSchedule(every=secs, period="seconds")
    assert schedule.every(PeriodicTask(interval=interval)) == f"every {words}"


def test_what_is_due_what_is_off_and_what_follows_a_calendar(db: None) -> None:
    row = task()
    row.last_run_at = timezone.now() - timedelta(hours=1)
    assert schedule.next_run(row) == "now"
    row.enabled = False
    assert schedule.next_run(row) == "off"
    nightly = CrontabSchedule.objects.create(minute="0", hour="3")
    # It has just run, so that last night's hour isn't still to come, whatever the time of the day.
    row.enabled, row.interval, row.crontab, row.last_run_at = True, None, nightly, timezone.now()
    due = schedule.due(row)
    assert due is not None
    # Which second it is moves on while it is computed.
    assert (due + timedelta(seconds=1)).strftime("%H:%M") == "03:00"
    assert schedule.every(row) == "at 03:00 UTC every day"


def test_before_beat_has_run_it_says_so(db: None) -> None:
    assert "Beat has not run yet" in member(VIEWER).page(HEALTH)


def test_the_schedule_is_shown_to_those_who_may_see_it(viewer: Staff) -> None:
    task()
    assert "Check drift" not in viewer.page(HEALTH)


def test_a_task_is_run_at_once_and_that_is_recorded(db: None) -> None:
    row, operator = task(), member(OPERATOR)
    assert "Run now" in operator.page(HEALTH)
    answer = operator.post(f"{HEALTH}schedule/{row.pk}/run/")
    assert (answer.status_code, answer.headers["Location"]) == (302, HEALTH)
    assert [name for name, _ in waiting()] == ["check_drift"]
    entry = AuditEntry.objects.get(verb="schedule.run")
    assert (entry.actor, entry.object_id) == (operator.user.username, "Check drift")


def test_only_who_may_change_the_schedule_runs_a_task(db: None) -> None:
    row = task()
    viewer = member(VIEWER)
    assert viewer.post(f"{HEALTH}schedule/{row.pk}/run/").status_code == 403
    assert viewer.get(f"{HEALTH}schedule/{row.pk}/run/").status_code == 405
    assert waiting() == []


def test_partitions_of_each_table_are_shown(viewer: Staff) -> None:
    page = viewer.page(f"{HEALTH}partitions/")
    assert "Events" in page
    assert "months ready ahead" in page
    assert f"y{timezone.now():%Ym%m}" in page
    assert "default other months" in page


def test_too_few_months_ahead_are_an_alert(viewer: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsite.platform.partitions.Partitioned.months_ahead", lambda *_: 0)
    page = viewer.page(f"{HEALTH}partitions/")
    assert "Only 0 of the coming months are ready for events: run 'manage.py partitions'." in page


def test_without_kafka_its_page_says_so(viewer: Staff) -> None:
    page = viewer.page(f"{HEALTH}kafka/")
    assert "Kafka is not in use: events are stored as they arrive." in page
    assert "0 messages wait to be sent." in page


def test_a_kafka_that_is_away_is_a_sentence(viewer: Staff, settings: Any) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    page = viewer.page(f"{HEALTH}kafka/")
    assert "Kafka doesn't answer" in page
    assert "Events are kept meanwhile, and sent when it is back." in page


@pytest.mark.parametrize("address", [HEALTH, f"{HEALTH}partitions/", f"{HEALTH}kafka/"])
def test_only_who_may_see_it_does(db: None, address: str) -> None:
    assert Staff("nobody").get(address).status_code == 403
