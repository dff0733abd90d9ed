"""Alerts say what holds now, since when, what it means and what to do; what can't be asked is an alert as well."""

from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from interactions.models import DeadLetter, Interaction
from interactions.producers import produce
from recommender.models import DriftReport, Release
from recsite import levels
from recsite.alerts import LOOKS
from recsite.console import strip
from recsite.platform import alerts, database, series, thresholds, workers
from recsite.platform.alerts import Alert, Finding
from recsite.platform.models import HeldAlert, Job, SeriesPoint
from recsite.platform.thresholds import Comparison, Severity, Threshold
from tests import factories
from tests.outages import no_postgres, stoppable_redis
from tests.platform.series_notes import add, event, level, request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _well() -> None:
    """A release is live, a worker works, and levels are looked at."""
    factories.release(factories.model_version(), promoted_at=timezone.now())
    workers.note()
    levels.sample()


def look() -> dict[str, Alert]:
    """What holds, by key, looked at anew."""
    alerts._held._until = 0.0
    return {alert.key: alert for alert in alerts.now()}


def test_where_all_is_well_nothing_holds() -> None:
    assert look() == {}


def test_an_alert_says_all_that_one_needs() -> None:
    DeadLetter.objects.create(source="api", reason="No such item.", payload={})
    alert = look()["dead-letters"]
    assert alert.sentence == "1 event could not be stored and waits to be mended."
    assert (alert.name, alert.severity) == ("Dead letters", Severity.WARNING)
    assert alert.link == "/admin/dead-letters/"
    assert alert.since == DeadLetter.objects.get().received_at
    assert all((alert.means, alert.do))


def test_errors_and_slow_lists_are_told_from_enough_requests_on(settings: Any) -> None:
    now = timezone.now()
    add(*(request(now, 2.0, "api lists", is_error=number < 5) for number in range(19)))
    assert look() == {}
    add(request(now, 2.0, "api lists"))
    found = look()
    assert found["error-share"].sentence.startswith("5 requests of 20 failed in the last ten minutes, most of them of")
    assert "took up to" in found["p95"].sentence
    assert list(found) == ["error-share", "p95"], "What is down comes first."
    settings.ALERT_ERROR_SHARE, settings.ALERT_P95_MS = 0.3, 0
    assert look() == {}


def test_silence_counts_from_the_last_event_and_only_where_there_were_any_lately() -> None:
    assert "silence" not in look()
    produce([factories.event("ada", factories.item())])
    assert "silence" not in look()
    Interaction.objects.update(received_at=timezone.now() - timedelta(hours=2))
    assert "silence" not in look(), "Imported events alone: nobody expects that others come."
    before = timezone.now() - timedelta(hours=2)
    add(*(event(before) for _ in range(400)))
    assert "silence" not in look(), "400 in seven days are fewer than five in two hours."
    add(*(event(before) for _ in range(30)))
    alert = look()["silence"]
    assert "No event has been stored for 2 h" in alert.sentence
    assert timezone.now() - alert.since > timedelta(hours=1.9)
    Interaction.objects.update(received_at=timezone.now() - timedelta(days=30))
    assert "silence" not in look()


@pytest.mark.parametrize(
    ("kind", "labels", "key"),
    [
        (series.QUEUES, ("training",), "queue-depth:training"),
        (series.LAG, ("recsite-store",), "lag:recsite-store"),
        (series.OUTBOX, (), "outbox"),
    ],
)
def test_levels_are_those_of_the_latest_sample(kind: series.Kind, labels: tuple[str, ...], key: str) -> None:
    now = timezone.now() + timedelta(seconds=60)
    add(level(kind, now - timedelta(minutes=3), 50_000, *labels), level(kind, now, 3, *labels))
    assert look() == {}
    add(level(kind, now, 99_999_999, *labels))
    assert list(look()) == [key]


def test_that_nobody_looks_at_levels_is_told() -> None:
    SeriesPoint.objects.all().delete()
    assert "have not been looked at in the last day" in look()["levels"].sentence
    add(level(series.QUEUES, timezone.now() - timedelta(minutes=20), 0, "default"))
    assert "have not been looked at for 20 min" in look()["levels"].sentence


def test_what_has_just_started_does_not_complain_of_what_starts_beside_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    SeriesPoint.objects.all().delete()
    monkeypatch.setattr(workers, "missing", lambda: ["default", "training"])
    assert {"levels", "worker"} <= look().keys()
    settings.ALERT_GRACE_SECS = 120
    monkeypatch.setattr(workers, "STARTED", monotonic() - 60)
    assert not {"levels", "worker"} & look().keys()
    assert strip._worker() == ""
    monkeypatch.setattr(workers, "STARTED", monotonic() - 121)
    assert {"levels", "worker"} <= look().keys()
    assert strip._worker()


def test_drift_says_since_when_and_is_that_of_the_live_release() -> None:
    live = Release.objects.get()
    now = timezone.now()
    about = {"window_minutes": 60, "distribution": "item", "psi": 0.9, "js": 0.3, "noise": 0.1}
    for minutes, is_drift in ((50, True), (40, False), (30, True), (20, True)):
        at = now - timedelta(minutes=minutes)
        DriftReport.objects.create(release=live.pk, made_at=at, n_before=500, n_now=500, is_drift=is_drift, **about)
    assert look()["drift"].since == now - timedelta(minutes=30)
    Release.objects.filter(pk=live.pk).update(state="archived")
    assert "drift" not in look()


def test_a_job_that_waits_for_long_is_named() -> None:
    Job.objects.create(kind="train", title="Train svd", created_at=timezone.now() - timedelta(hours=3))
    assert look()["oldest-job"].sentence.startswith("Train svd has waited for 3 h")


def test_drift_and_a_queue_without_a_worker_are_told(settings: Any, tmp_path: Path) -> None:
    DriftReport.objects.create(
        release=1,
        window_minutes=60,
        distribution="item",
        psi=0.9,
        js=0.3,
        noise=0.1,
        n_before=500,
        n_now=500,
        is_drift=True,
    )
    with stoppable_redis(tmp_path, settings):
        found = look()
    assert found["worker"].severity is Severity.DOWN
    assert "PSI 0.90" in found["drift"].sentence
    assert found["drift"].link == "/admin/drift/"


def test_a_release_is_old_only_where_events_have_come_since() -> None:
    long_ago = timezone.now() - timedelta(days=9)
    release = factories.release(factories.model_version(data_until=long_ago), state="candidate", created_at=long_ago)
    type(release).objects.filter(state="live").update(state="archived")
    type(release).objects.filter(pk=release.pk).update(state="live")
    assert look() == {}
    produce([factories.event("ada", factories.item())])
    alert = look()["model-age"]
    assert (alert.since, alert.link) == (long_ago, "/admin/recommender/release/")
    type(release).objects.filter(pk=release.pk).update(state="archived")
    assert look()["release"].sentence == "No release is live."


def test_it_holds_since_it_was_first_seen_by_whichever_process(settings: Any) -> None:
    settings.ALERT_FREE_SHARE = 1.1
    first = look()["space:disk"].since
    alerts.forget()
    assert look()["space:disk"].since == first
    settings.ALERT_FREE_SHARE = 0.0
    assert look() == {}
    assert not HeldAlert.objects.exists()
    settings.ALERT_FREE_SHARE = 1.1
    assert look()["space:disk"].since > first


def test_what_was_found_is_repeated_for_some_seconds(django_assert_num_queries: Any) -> None:
    look()
    DeadLetter.objects.create(source="api", reason="No such item.", payload={})
    with django_assert_num_queries(0):
        assert alerts.now() == []


def test_without_the_database_there_is_one_alert_and_no_exception() -> None:
    with no_postgres():
        found = look()
        again = look()
    database.forget()
    assert list(found) == ["database"]
    assert again["database"].since == found["database"].since
    assert look() == {}


def test_without_redis_there_is_one_alert_and_the_rest_is_looked_at(settings: Any, tmp_path: Path) -> None:
    DeadLetter.objects.create(source="api", reason="No such item.", payload={})
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        found = look()
    assert list(found) == ["redis", "dead-letters"]


def test_a_part_that_can_t_be_looked_at_is_an_alert(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.ALERT_LOOKS = "tests.platform.test_alerts.BROKEN"
    found = look()
    assert found["unknown:The moon"].sentence == "The moon can't be looked at: ZeroDivisionError."
    assert "ZeroDivisionError" in caplog.text


def broken() -> list[Finding]:
    return [1 // 0]  # type: ignore[list-item]


BROKEN = {"The moon": broken}


def test_staff_see_the_alerts_of_pages_that_they_may_see() -> None:
    DeadLetter.objects.create(source="api", reason="No such item.", payload={})
    user = User.objects.create_user("merchandiser", is_staff=True)
    look()
    assert alerts.shown_to(user) == []
    user.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    assert [one.key for one in alerts.shown_to(User.objects.get(pk=user.pk))] == ["dead-letters"]


def test_a_look_at_everything_asks_few_questions(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(30):
        look()


@pytest.mark.parametrize(
    ("comparison", "crossed", "fine"),
    [(Comparison.ABOVE, 6, 5), (Comparison.AT_LEAST, 5, 4), (Comparison.BELOW, 4, 5)],
)
def test_a_threshold_knows_its_side(settings: Any, comparison: Comparison, crossed: float, fine: float) -> None:
    settings.ALERT_LAG = 5
    one = Threshold("lag", "Lag", Severity.WARNING, "Means.", "Do.", "ALERT_LAG", comparison)
    assert one.is_crossed(crossed)
    assert not one.is_crossed(fine)
    assert not one.is_crossed(None)
    settings.ALERT_LAG = 0
    assert not one.is_crossed(crossed)


def test_every_threshold_says_what_it_means_and_what_to_do(settings: Any) -> None:
    for one in thresholds.THRESHOLDS.values():
        assert one.means.endswith(".")
        assert one.do.endswith(".")
        assert not one.setting or one.limit >= 0
    assert set(LOOKS), "Somebody looks."
