"""Consumers of a real broker: every accepted event is stored once, whatever comes with it and whoever dies."""

import json
import logging
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Thread, current_thread
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.db import connection
from django.utils import timezone

from interactions import consumers, producers, single, store
from interactions import kafka as clients
from interactions.consumers import EventConsumer
from interactions.kafka import Message
from interactions.models import DeadLetter, Interaction
from interactions.producers import produce
from interactions.schema import Event
from interactions.wire import encode
from recsite.local.kafka import Kafka
from recsite.platform.database import DatabaseDown
from tests import factories
from tests.brokers import messages
from tests.interactions.consuming import consuming, holding_back
from tests.outages import wait_until

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def drain(count: int, group: str = "", seconds: float = 30, batch: int = 0) -> Counter[str]:
    """What a member of the group makes of so many events."""
    consumer = EventConsumer(group or uuid4().hex, batch)
    deadline = time.monotonic() + seconds
    return consumer.run(lambda: consumer.totals.total() >= count or time.monotonic() > deadline)


def put(*raws: bytes, topic: str = "product-views", key: str = "ada") -> None:
    assert not clients.deliver([Message(topic, key, raw) for raw in raws])


def views(count: int, people: int = 7) -> list[Event]:
    item = factories.item("emma")
    return [factories.event(f"reader-{number % people}", item) for number in range(count)]


def test_events_are_stored_with_what_they_said_and_people_are_made(kafka: Kafka) -> None:
    factories.item("emma")
    event = factories.event("ada", "emma", "rating", 4.5, context={"position": 2})
    produce([event], source="storefront")
    assert drain(1) == {"stored": 1, "duplicate": 0, "dead": 0}
    row = Interaction.objects.select_related("user", "item", "type").get()
    assert (row.event_id, row.user.user_id, row.item.item_id, row.type.name) == (
        event.event_id,
        "ada",
        "emma",
        "rating",
    )
    assert (row.value, row.occurred_at, row.context) == (4.5, event.occurred_at, {"position": 2})


def test_whoever_wants_to_know_is_told_of_new_events_alone(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(producers, "_tell", told.extend)
    event = factories.event("ada", factories.item("emma"))
    produce([event])
    produce([event])
    assert drain(2) == {"stored": 1, "duplicate": 1, "dead": 0}
    assert [one.event_id for one in told] == [event.event_id]


def test_a_consumer_gives_back_the_connection_of_its_thread(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool would be empty after a few of them otherwise."""
    given_back: list[str] = []
    close = connection.close

    def note() -> None:
        given_back.append(current_thread().name)
        close()

    monkeypatch.setattr(consumers, "connection", SimpleNamespace(close=note))
    produce(views(1))
    drain(1)
    assert given_back[-1].startswith("store")


def test_the_same_events_sent_twice_are_stored_once(kafka: Kafka) -> None:
    events = views(1_000)
    produce(events)
    produce(events)
    outcome = drain(2_000, batch=300)
    assert (outcome["stored"], outcome["duplicate"]) == (1_000, 1_000)
    assert Interaction.objects.count() == 1_000


def test_garbage_among_good_events_becomes_dead_letters_and_stops_nothing(kafka: Kafka) -> None:
    events = views(300)
    raws = [encode(event) for event in events]
    garbage = [b"", b"no json \xff", b"[]", json.dumps({**json.loads(raws[0]), "version": 9}).encode()]
    put(*raws[:150], *garbage, *raws[150:])
    produce([factories.event("ada", "an item that nobody knows")], source="storefront")
    outcome = drain(305)
    assert (outcome["stored"], outcome["dead"]) == (300, 5)
    letters = DeadLetter.objects.order_by("pk")
    assert {letter.topic for letter in letters} == {"product-views"}
    reasons = " ".join(letter.reason for letter in letters)
    for words in ("must be JSON in UTF-8", "One JSON object is needed", "only 1 is known here", "nknown item an item"):
        assert words in reasons
    assert DeadLetter.objects.get(reason__contains="nknown item").source == "storefront"
    assert {"raw": "no json \\xff"} in [letter.payload for letter in letters]
    dead = messages("dead-letters", 5)
    values = [message.value() or b"" for message in dead]
    assert set(garbage) < set(values), (
        "What can't be read is on the topic as it came, and what can't be stored as well."
    )
    assert b"an item that nobody knows" in b"".join(values)
    assert all(dict(message.headers())["reason"] for message in dead)


class RequestIds(logging.Handler):
    """Hears under which request each line is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str | None] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(structlog.contextvars.get_contextvars().get("request_id"))


def test_the_request_id_goes_through_the_topic_into_logs_and_dead_letters(kafka: Kafka) -> None:
    ids = RequestIds()
    logging.getLogger("interactions.consumers").addHandler(ids)
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        produce([factories.event("ada", "an item that nobody knows")])
    try:
        assert drain(1)["dead"] == 1
    finally:
        logging.getLogger("interactions.consumers").removeHandler(ids)
    assert ids.heard == ["request-1"]
    for topic in ("product-views", "dead-letters"):
        (message,) = messages(topic, 1)
        assert dict(message.headers())["request_id"] == b"request-1"


@pytest.mark.parametrize("batch", [1, 10])
def test_an_id_that_stands_for_something_else_is_a_dead_letter(kafka: Kafka, batch: int) -> None:
    emma = factories.item("emma")
    first = factories.event("ada", emma)
    produce([first, first, replace(first, type="click")])
    assert drain(3, batch=batch) == {"stored": 1, "duplicate": 1, "dead": 1}
    assert DeadLetter.objects.get().reason == store.OTHER_CONTENT
    assert Interaction.objects.get().type.name == "view"


def test_an_event_that_the_database_refuses_is_found_among_its_neighbours(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = views(150)
    poison = events[77].event_id
    insert, store_one = store._insert, single.store

    def refuse(staging: Any, chosen: Sequence[tuple[int, Event]]) -> Any:
        return insert(staging, [(position, writable(event)) for position, event in chosen])

    def writable(event: Event) -> Event:
        if event.event_id == poison:
            raise ValueError("it can't be written")
        return event

    monkeypatch.setattr(store, "_insert", refuse)
    monkeypatch.setattr(single, "store", lambda event: store_one(writable(event)))
    produce(events)
    outcome = drain(150)
    assert (outcome["stored"], outcome["dead"]) == (149, 1)
    letter = DeadLetter.objects.get()
    assert letter.reason == "The database refuses it: it can't be written"
    assert letter.payload["event_id"] == str(poison)


def test_year_old_events_are_stored_and_those_of_wrong_clocks_are_dead(kafka: Kafka) -> None:
    item, now = factories.item("emma"), timezone.now()
    old = factories.event("ada", item, at=now - timedelta(days=400))
    skewed = factories.event("ada", item, at=now + timedelta(hours=5))
    wrong = factories.event("ada", item, at=now + timedelta(days=30))
    put(*map(encode, (old, skewed, wrong)))
    outcome = drain(3)
    assert (outcome["stored"], outcome["dead"]) == (2, 1)
    assert "Check the clock" in DeadLetter.objects.get().reason


def test_while_the_database_is_gone_nothing_is_lost_or_committed(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    produce(views(50))
    failures = iter([True, True, False])
    store_and_tell = producers.store_and_tell

    def flaky(*args: Any, **rest: Any) -> Any:
        if next(failures, False):
            raise DatabaseDown("gone")
        return store_and_tell(*args, **rest)

    monkeypatch.setattr(producers, "store_and_tell", flaky)
    assert drain(50)["stored"] == 50


def test_who_is_asked_to_stop_during_an_outage_leaves_the_batch_for_the_next(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce(views(20))
    group = uuid4().hex
    with monkeypatch.context() as outage:
        outage.setattr(producers, "store_and_tell", lambda *_, **__: (_ for _ in ()).throw(DatabaseDown("gone")))
        assert drain(1, group, seconds=3).total() == 0
    assert drain(20, group)["stored"] == 20


def test_two_members_that_come_and_go_share_the_work(kafka: Kafka) -> None:
    group, events = uuid4().hex, views(3_000, people=60)
    outcomes: list[Counter[str]] = []

    def member(seconds: float) -> None:
        try:
            outcomes.append(drain(10**9, group, seconds=seconds, batch=100))
        finally:
            connection.close()

    members = [Thread(target=member, args=[seconds]) for seconds in (4, 8, 12)]
    for number, thread in enumerate(members):
        thread.start()
        produce(events[number * 1_000 : (number + 1) * 1_000])
        time.sleep(1)
    for thread in members:
        thread.join()
    assert Interaction.objects.count() == 3_000
    assert sum(outcome["stored"] for outcome in outcomes) == 3_000


def test_a_consumer_killed_in_the_middle_of_its_work_loses_nothing(kafka: Kafka) -> None:
    group, events = uuid4().hex, views(6_000, people=60)
    produce(events)
    with holding_back(events[-1]), consuming(group) as process:
        wait_until(lambda: Interaction.objects.count() > 500, 120)
        process.kill()
        process.wait()
    stored = Interaction.objects.count()
    assert 500 < stored < 6_000
    outcome = drain(6_000 - stored, group, seconds=120)
    assert Interaction.objects.count() == 6_000
    assert outcome["dead"] == 0


def test_sigterm_ends_it_after_the_batch_with_a_sentence(kafka: Kafka) -> None:
    group = uuid4().hex
    produce(views(300))
    with consuming(group) as process:
        wait_until(lambda: Interaction.objects.count() == 300, 40)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said.strip() == "Stopped. 300 stored, 0 duplicate, 0 dead."
    assert drain(1, group, seconds=3).total() == 0
