"""Health, what moves: alerts that stand, since when a part works, what waits and since when, how long tasks took."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from interactions.producers import produce
from recsite import tasks
from recsite.console import backlog, strip
from recsite.platform import alerts, broker, feed, task_runs, workers
from recsite.platform.models import AlertEpisode, AuditEntry, FeedCursor
from recsite.roles import OPERATOR, VIEWER
from tests import factories
from tests.admin.staff import Staff, member
from tests.admin.test_health_page import HEALTH, task
from tests.recommender.fixtures import Shop
from tests.telling.conftest import alert

LIVE = f"{HEALTH}live/"
LONG_AGO = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_alerts_that_stand_come_first(viewer: Staff, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    workers.note()
    monkeypatch.setattr(alerts, "now", lambda: [alert()])
    page = viewer.page(HEALTH)
    assert "Alerts that stand Redis can't be reached. Since 5 minutes ago" in page
    assert page.index("Alerts that stand") < page.index("Every part works.")
    monkeypatch.setattr(alerts, "now", list)
    assert "No alert stands" in viewer.page(HEALTH)


def test_a_part_says_since_when_it_works_again(viewer: Staff, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    workers.note()
    monkeypatch.setattr(alerts, "now", list)
    was = {"key": "redis", "kind": "redis", "severity": "down", "began_at": LONG_AGO}
    for hours in (1, 3):
        AlertEpisode.objects.create(**was, sentence="Away.", ended_at=LONG_AGO + timedelta(hours=hours))
    page = viewer.get(HEALTH).content.decode()
    assert page.count('title="2026-05-01 15:00:00 UTC"') == 3, "Redis, and what needs it."


def test_a_part_says_since_when_it_is_down(viewer: Staff, shop: Shop) -> None:
    page = viewer.get(HEALTH).content.decode()
    row = page[page.index("Workers</th>") :]
    assert "<time" in row[: row.index("</tr>")], "No worker is there, which is an alert with its beginning."


def test_queues_say_how_long_the_first_task_waits(db: None) -> None:
    assert broker.oldest() == {}
    before = timezone.now()
    tasks.sample_levels.delay()
    first = broker.oldest()["default"]
    tasks.sample_levels.delay()
    assert broker.oldest() == {"default": first}
    assert before - timedelta(seconds=1) < first <= timezone.now()
    (waiting, _) = backlog.queues({"queues": broker.waiting()})
    assert (waiting.name, waiting.amount, waiting.since) == ("default", "2", first)


def test_readers_say_how_far_they_are_behind_and_since_when(viewer: Staff, shop: Shop) -> None:
    produce([factories.event(name, shop.novels[0]) for name in ("ada", "ben")])
    asked = {
        "trending": ("interactions_interaction", "received_at"),
        "nobody": ("interactions_interaction", "received_at"),
    }
    FeedCursor.objects.update_or_create(name="trending", defaults={"position": 0})
    first, other = feed.behind(asked)
    assert first.rows == other.rows >= 2
    assert first.since is not None
    FeedCursor.objects.update(position=first.rows)
    assert feed.behind(asked)[0] == ("trending", 0, None)
    assert "Trending 0 –" in viewer.page(HEALTH)


def test_how_long_a_task_took_and_why_it_failed_is_shown(db: None) -> None:
    name = task().task
    task_runs.begin("a")
    task_runs.end("a", name, "FAILURE", ValueError("no such drift"))
    viewer = member(VIEWER)
    page = viewer.page(HEALTH)
    assert "Check drift failed" in page
    assert "Its last run failed: ValueError: no such drift" in page
    task_runs.begin("b")
    task_runs.end("b", name, "SUCCESS", None)
    assert "Its last run failed" not in viewer.page(HEALTH)
    assert task_runs.latest()[name].secs < 60
    # One whose beginning nobody saw says nothing.
    task_runs.end("c", name, "FAILURE", ValueError())
    assert task_runs.latest()[name].error == ""


def test_a_worker_notes_each_run(db: None) -> None:
    current_app.tasks["recsite.tasks.sample_levels"].apply()
    run = task_runs.latest()["recsite.tasks.sample_levels"]
    assert (run.error, run.secs > 0) == ("", True)


def test_a_task_is_switched_off_and_on_from_the_page(db: None) -> None:
    row, operator = task(), member(OPERATOR)
    address = f"{HEALTH}schedule/{row.pk}/switch/"
    assert "Switch off : Check drift" in operator.page(HEALTH)
    operator.post(address, on="0")
    assert not PeriodicTask.objects.get(pk=row.pk).enabled
    assert "Switch on : Check drift" in operator.page(HEALTH)
    operator.post(address, on="1")
    assert PeriodicTask.objects.get(pk=row.pk).enabled
    told = AuditEntry.objects.filter(verb="schedule.change").order_by("pk")
    assert [one.after for one in told] == [{"enabled": False}, {"enabled": True}]
    assert member(VIEWER).post(address, on="0").status_code == 403


def test_an_open_page_gets_what_has_changed_and_else_nothing(viewer: Staff, shop: Shop, monkeypatch: Any) -> None:
    monkeypatch.setattr(alerts, "now", list)
    part = viewer.get(LIVE)
    seen = part.content.decode().partition("seen=")[2].partition('"')[0]
    assert viewer.get(LIVE, seen=seen).status_code == 204
    monkeypatch.setattr(alerts, "now", lambda: [alert()])
    assert "Redis can&#x27;t be reached." in viewer.get(LIVE, seen=seen).content.decode()
    assert Staff("nobody").get(LIVE).status_code == 403


def test_what_the_page_costs(shop: Shop, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task()
    viewer = member(VIEWER)
    # Every process looks at these every five seconds at most, which has a test of its own.
    monkeypatch.setattr(alerts, "now", list)
    monkeypatch.setattr(strip, "down", list)
    viewer.get(HEALTH)
    with django_assert_num_queries(13):
        answer = viewer.get(HEALTH)
    assert len(answer.content) < 150_000
