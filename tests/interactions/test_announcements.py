"""What others may want to know of is on its topic once it is true, and never when it is not."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from interactions import announcements, outbox, windows
from interactions.models import OutboxMessage
from interactions.store import store
from interactions.topics import ANNOUNCEMENTS, DATA_DRIFT, MODEL_METRICS, MODEL_UPDATES, SYSTEM_METRICS
from recommender import registry
from recommender.insight.drift import reports
from recommender.models import DriftReport
from recsite.local.kafka import Kafka
from recsite.platform import redis
from recsite.tasks import announce_figures
from tests import factories
from tests.brokers import messages
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop
from tests.recommender.fixtures import Shop, popular, publish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def waiting() -> list[dict[str, Any]]:
    return [json.loads(bytes(row.value)) for row in OutboxMessage.objects.order_by("pk")]


def said(topic: str, count: int = 1) -> list[dict[str, Any]]:
    """What a reader of the topic finds after the relay has worked."""
    outbox.relay(lambda: False, once=True)
    return [json.loads(message.value() or b"") for message in messages(topic, count)]


def test_a_promotion_and_a_training_are_announced(kafka: Kafka, shop: Shop) -> None:
    release = publish({"popular": popular(shop.items)})
    trained = said(MODEL_METRICS, 3)
    assert {one["kind"] for one in trained} == {"model.trained"}
    assert [one["algorithm"] for one in trained] == ["svd", "popular", "popular"]
    _, update = said(MODEL_UPDATES, 2)
    assert (update["kind"], update["version"], update["release"]) == ("model.promoted", 1, release.pk)
    assert update["replaced"] == shop.release.pk
    assert set(update["versions"]) == {"svd", "popular"}
    registry.rollback()
    assert [one["release"] for one in said(MODEL_UPDATES, 3)] == [shop.release.pk, release.pk, shop.release.pk]


def test_what_people_do_and_how_the_system_is_are_announced(kafka: Kafka) -> None:
    # Who was active in this half hour is kept there, whichever test made them.
    redis.roundtrip(("FLUSHDB",))
    store([factories.event("ada", factories.item("emma"), at=timezone.now())])
    windows.advance()
    windows.advance()
    announce_figures()
    window, figures = sorted(said(SYSTEM_METRICS, 2), key=lambda one: one["kind"])
    assert (window["kind"], window["views"], window["active_users"], window["minutes"]) == (
        "behaviour.window",
        1,
        1,
        30,
    )
    assert figures["kind"] == "system.figures"
    assert figures["figures"]["dead_letters"] == 0
    assert {"reader", "value"} == set(figures["figures"]["feed_waiting"][0])


def test_drift_is_announced(kafka: Kafka, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = DriftReport(
        release=1,
        window_minutes=60,
        distribution="type",
        psi=0.5,
        js=0.2,
        noise=0,
        n_before=900,
        n_now=900,
        is_drift=True,
    )
    monkeypatch.setattr(reports, "_trained_on", lambda _: reports.Sample(n=900))
    monkeypatch.setattr(reports, "_count", lambda *_: reports.Sample(n=900))
    monkeypatch.setattr(reports, "_reports", lambda *_: [made] if not DriftReport.objects.exists() else [])
    monkeypatch.setattr(reports, "WINDOWS", (timedelta(hours=1),))
    reports.check()
    (drift,) = said(DATA_DRIFT)
    assert (drift["kind"], drift["psi"], drift["threshold"]) == ("drift.detected", 0.5, 0.2)


def test_what_is_taken_back_is_not_announced(kafka: Kafka) -> None:
    with suppress(RuntimeError), transaction.atomic():
        announcements.announce(MODEL_UPDATES, "model.promoted", {})
        raise RuntimeError("taken back")
    assert waiting() == []


def test_no_event_waits_behind_an_announcement(kafka: Kafka) -> None:
    announcements.announce(MODEL_UPDATES, "model.promoted", {})
    assert outbox.is_empty()


def test_without_kafka_nothing_is_kept_for_anybody() -> None:
    for topic in ANNOUNCEMENTS:
        announcements.announce(topic, "anything", {})
    assert waiting() == []
