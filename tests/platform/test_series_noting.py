"""Requests, answers, events and levels are noted where they happen, by every process, and add up."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from interactions.producers import produce
from recsite import levels
from recsite.platform import database, series
from recsite.platform.broker import BrokerAway
from recsite.platform.database import DatabaseDown
from recsite.platform.models import SeriesPoint
from recsite.platform.series import ANSWERS, EVENTS, QUEUES, REQUESTS, SILENCE, noting
from recsite.platform.series.kinds import GRAINS, OTHER
from recsite.platform.tasks import thin_series
from recsite.tasks import sample_levels
from tests import factories
from tests.outages import no_postgres
from tests.platform.series_notes import add, request

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
LEAN = "/api/v1/recommendations/popular"
NOON = datetime(2026, 5, 20, 12, 0, 30, tzinfo=UTC)


def noted(kind: series.Kind, by: str) -> dict[str, int]:
    """How many of the kind were noted in the last minutes, by a label."""
    noting.flush()
    return {label: found.total.count for label, found in series.read_span(kind, "1h", by).now.items()}


def errors(kind: series.Kind, by: str) -> dict[str, int]:
    noting.flush()
    return {label: found.total.errors for label, found in series.read_span(kind, "1h", by).now.items()}


def test_a_request_to_a_lean_route_and_one_to_a_page_both_count(client: Client, settings: Any) -> None:
    settings.API_AUTH_REQUIRED = False
    client.get(LEAN)
    client.get("/admin/login/")
    client.get("/api/v1/items")
    client.post("/api/v1/interactions", {}, content_type="application/json")
    assert noted(REQUESTS, "door") == {"api lists": 1, "admin": 1, "api other": 1, "api events": 1}
    assert SeriesPoint.objects.filter(kind="requests").exclude(buckets=[]).count() == 4 * len(GRAINS)


def test_static_files_and_what_looks_after_the_server_do_not(client: Client) -> None:
    for path in ("/ping", "/health", "/ready", "/metrics", "/static/nothing.css", "/favicon.ico", "/covers/1.svg"):
        client.get(path)
    assert noted(REQUESTS, "door") == {}


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/api/v1/recommendations/users/ada", "api lists"),
        ("/gorse/api/recommend/ada", "api lists"),
        ("/api/v1/interactions/bulk", "api events"),
        ("/api/v1/interaction-types", "api other"),
        ("/gorse/api/item/7", "api other"),
        ("/admin/", "admin"),
        ("/", "shop"),
        ("/items/7", "shop"),
        ("//", "shop"),
        ("/covers/7.svg", ""),
        ("*", ""),
        ("", ""),
    ],
)
def test_a_door_is_told_by_how_a_path_begins(path: str, door: str) -> None:
    assert noting._door_of(path) == door


@pytest.mark.urls("tests.web_urls")
def test_a_500_counts_as_an_error_and_a_404_does_not(client: Client) -> None:
    client.raise_request_exception = False
    client.get("/api/mistake")
    client.get("/api/missing")
    client.get("/outage")
    assert errors(REQUESTS, "door") == {"api other": 1, "shop": 1}


def test_events_count_by_what_became_of_them_once_they_are_stored() -> None:
    item = factories.item()
    known = factories.event("ada", item)
    produce([known])
    produce([known, factories.event("ben", item), factories.event("ben", "nobody knows it")])
    assert noted(EVENTS, "outcome") == {"stored": 2, "duplicate": 1, "dead": 1}


def test_events_that_were_rolled_back_count_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interactions.store.profiles.update", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        produce([factories.event("ada", factories.item())])
    assert noted(EVENTS, "outcome") == {}


def test_levels_are_looked_at_by_the_schedule() -> None:
    produce([factories.event("ada", factories.item())])
    sample_levels()
    queues = series.latest(QUEUES, timedelta(minutes=2))
    assert queues.keys() == {("default",), ("training",)}
    [(at, seconds)] = series.latest(SILENCE, timedelta(minutes=2)).values()
    assert timezone.now() - at < timedelta(minutes=2)
    assert 0 <= seconds < 60
    assert series.latest(series.LAG, timedelta(minutes=2)) == {}
    thin_series()


def test_a_level_that_can_t_be_asked_is_a_gap_and_the_others_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> levels.Levels:
        raise BrokerAway("The task broker doesn't answer.")

    monkeypatch.setattr(levels, "LOOKS", (away, levels._outbox))
    levels.sample()
    assert series.latest(QUEUES, timedelta(minutes=2)) == {}
    assert len(series.latest(series.OUTBOX, timedelta(minutes=2))) == 1


def test_what_two_processes_noted_adds_up_bucket_by_bucket() -> None:
    add(request(NOON, 0.003), request(NOON, 0.3))
    add(request(NOON, 0.003, is_error=True))
    row = SeriesPoint.objects.get(kind="requests", grain=60)
    assert (row.at, row.labels, row.count, row.errors) == (NOON.replace(second=0), ["shop"], 3, 1)
    assert Counter(row.buckets)[0] == len(row.buckets) - 2
    assert (row.buckets[4], sum(row.buckets), row.highest) == (2, 3, 0.3)
    assert SeriesPoint.objects.count() == len(GRAINS)


def test_processes_that_store_the_same_rows_at_once_never_wait_for_each_other() -> None:
    notes = [request(NOON + timedelta(minutes=number), door=f"door {number}") for number in range(30)]
    faults: list[Exception] = []

    def store(order: int) -> None:
        try:
            for _ in range(20):
                noting.store(notes[::order])
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=store, args=(order,)) for order in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert set(SeriesPoint.objects.filter(grain=60).values_list("count", flat=True)) == {80}


def test_while_the_database_is_away_notes_wait_summed_up_and_are_stored_then() -> None:
    for _ in range(500):
        noting.request("/", 200, 0.002)
    with no_postgres():
        with pytest.raises(DatabaseDown):
            noting.flush()
        noting.flush_if_possible()
    assert 1 <= len(noting._gathering.waiting) <= 2
    database.forget()
    noting.request("/", 500, 20.0)
    assert noted(REQUESTS, "door") == {"shop": 501}
    total = series.read_span(REQUESTS, "1h").total
    assert (total.errors, total.highest, sum(total.buckets)) == (1, 20.0, 501)


def test_invented_labels_are_other_beyond_the_most_and_the_known_ones_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noting, "MOST_LABELS", 3)
    for number in range(50):
        noting.answer("home", "svd", True, 0.001)
        noting.answer(f"invented {number}", "svd", True, 0.001)
        noting.flush()
    assert noted(ANSWERS, "placement") == {OTHER: 48, "home": 50, "invented 0": 1, "invented 1": 1}


@pytest.mark.parametrize("label", ["x" * 500, "nul\0", "lone \udc80", "quote\"{},'", ""])
def test_a_label_of_any_kind_can_be_stored(label: str) -> None:
    noting.answer(label, "svd", True, 0.001)
    assert noting.flush() == 1
    assert SeriesPoint.objects.count() == len(GRAINS)
