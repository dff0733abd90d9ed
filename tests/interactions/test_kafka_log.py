"""The event log on a real broker: accepted is on the topic, in order, or in the outbox; never lost, never claimed."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog

from interactions import kafka as clients
from interactions import outbox
from interactions.kafka import BrokerDown
from interactions.models import Interaction, OutboxMessage
from interactions.producers import EventLogUnavailable, produce
from interactions.topics import TOPICS
from recsite.local import reset
from recsite.local.kafka import Kafka
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.locks import exclusive
from tests import brokers, factories
from tests.brokers import messages
from tests.outages import no_postgres

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def item_ids(found: list[Any]) -> list[str]:
    return [json.loads(message.value())["item_id"] for message in found]


def drain() -> int:
    return outbox.relay(lambda: False, once=True)


@pytest.fixture
def nowhere(kafka: Kafka, settings: Any) -> str:
    """The product believes in a broker that isn't there; the address of the real one."""
    settings.KAFKA_BOOTSTRAP_SERVERS, real = "127.0.0.1:1", settings.KAFKA_BOOTSTRAP_SERVERS
    settings.KAFKA_DELIVERY_TIMEOUT_SECS = 1
    return str(real)


def test_accepted_events_are_on_the_topics_of_their_types_keyed_by_person(kafka: Kafka) -> None:
    produce([factories.event("ada", "a"), factories.event("ben", "b", "purchase"), factories.event("ada", "c", "like")])
    (view,), (purchase,), (like,) = messages("product-views", 1), messages("purchases", 1), messages("user-events", 1)
    assert (view.key(), purchase.key(), like.key()) == (b"ada", b"ben", b"ada")
    assert json.loads(view.value()) | {"event_id": "", "occurred_at": ""} == {
        "version": 1,
        "event_id": "",
        "user_id": "ada",
        "item_id": "a",
        "type": "view",
        "value": None,
        "occurred_at": "",
        "context": {},
        "source": "api",
    }
    assert not Interaction.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_a_person_s_events_keep_their_order(kafka: Kafka) -> None:
    for number in range(20):
        produce([factories.event("ada", f"item-{number}")])
    assert item_ids(messages("product-views", 20)) == [f"item-{number}" for number in range(20)]


def test_without_the_broker_events_wait_in_the_outbox_and_come_on_in_order(nowhere: str, settings: Any) -> None:
    produce([factories.event("ada", "a"), factories.event("ada", "b")])
    assert OutboxMessage.objects.count() == 2
    settings.KAFKA_BOOTSTRAP_SERVERS = nowhere
    # The broker is back and the outbox is not empty yet: what comes now goes behind it.
    produce([factories.event("ada", "c")])
    assert OutboxMessage.objects.count() == 3
    assert drain() == 3
    produce([factories.event("ada", "d")])
    assert not OutboxMessage.objects.exists()
    assert item_ids(messages("product-views", 4)) == ["a", "b", "c", "d"]


def test_the_outbox_keeps_the_request_id(nowhere: str, settings: Any) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        produce([factories.event("ada", "a")])
    settings.KAFKA_BOOTSTRAP_SERVERS = nowhere
    assert drain() == 1
    (message,) = messages("product-views", 1)
    assert message.headers() == [("request_id", b"request-1")]
    assert outbox.is_empty()


def test_with_the_broker_and_the_database_gone_nothing_is_claimed(nowhere: str) -> None:
    with no_postgres(), pytest.raises(EventLogUnavailable, match="Send them again"):
        produce([factories.event("ada", "a")])
    assert not OutboxMessage.objects.exists()


def test_without_the_database_the_broker_is_enough(kafka: Kafka) -> None:
    with no_postgres():
        produce([factories.event("ada", "a")])
    assert item_ids(messages("product-views", 1)) == ["a"]


def test_while_something_waits_and_the_database_is_gone_nobody_overtakes_it(nowhere: str, settings: Any) -> None:
    produce([factories.event("ada", "a")])
    settings.KAFKA_BOOTSTRAP_SERVERS = nowhere
    with no_postgres(), pytest.raises(EventLogUnavailable):
        produce([factories.event("ada", "b")])
    assert drain() == 1
    assert item_ids(messages("product-views", 2, seconds=3)) == ["a"]


def test_a_relay_killed_before_it_forgets_hands_on_again(
    nowhere: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce([factories.event("ada", "a")])
    settings.KAFKA_BOOTSTRAP_SERVERS = nowhere
    with monkeypatch.context() as killed:
        killed.setattr(OutboxMessage.objects, "filter", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            drain()
    assert drain() == 1
    assert item_ids(messages("product-views", 2)) == ["a", "a"]


def test_a_relay_that_can_not_deliver_keeps_everything(nowhere: str) -> None:
    produce([factories.event("ada", "a")])
    asked = iter([False, False, True])
    assert outbox.relay(lambda: next(asked, True)) == 0
    assert OutboxMessage.objects.count() == 1


def test_only_one_relay_works_at_a_time(kafka: Kafka) -> None:
    with exclusive(outbox.LOCK), pytest.raises(AlreadyRunning):
        drain()


def test_topics_are_planned_then_made_and_left_alone_the_second_time(broker: Kafka, settings: Any) -> None:
    brokers.point_to(broker, settings)
    settings.KAFKA_TOPIC_PREFIX += "more-"
    assert all("would be made, with 3" in line for line in clients.create_topics(TOPICS, apply=False))
    assert all("made, with" in line for line in clients.create_topics(TOPICS, apply=True))
    settings.KAFKA_PARTITIONS = 5
    again = clients.create_topics(TOPICS, apply=True)
    assert all("left as it is, though KAFKA_PARTITIONS is 5" in line for line in again)


def test_a_broker_that_is_not_there_or_lets_nobody_in_gets_a_sentence(kafka: Kafka, settings: Any) -> None:
    settings.KAFKA_SASL_PASSWORD, right = "wrong", settings.KAFKA_SASL_PASSWORD
    clients.ADMIN_SECS, usual = 2.0, clients.ADMIN_SECS
    try:
        with pytest.raises(BrokerDown, match=f"Kafka at {settings.KAFKA_BOOTSTRAP_SERVERS} doesn't do that"):
            clients.create_topics(TOPICS, apply=False)
        settings.KAFKA_SASL_PASSWORD, settings.KAFKA_BOOTSTRAP_SERVERS = right, "127.0.0.1:1"
        with pytest.raises(BrokerDown, match=r"Kafka at 127\.0\.0\.1:1 doesn't do that"):
            clients.create_topics(TOPICS, apply=False)
    finally:
        clients.ADMIN_SECS = usual


def test_a_broker_that_stops_and_comes_back_loses_nothing(tmp_path: Path, settings: Any) -> None:
    used, broker = brokers.start(tmp_path / "broker")
    try:
        brokers.point_to(broker, settings)
        settings.KAFKA_DELIVERY_TIMEOUT_SECS = 2
        produce([factories.event("ada", "before")])
        broker.stop()
        for number in range(3):
            produce([factories.event("ada", f"while-{number}")])
        broker.ensure()
        settings.KAFKA_BOOTSTRAP_SERVERS = broker.url
        produce([factories.event("ada", "after")])
        assert drain() == 4
        expected = ["before", "while-0", "while-1", "while-2", "after"]
        assert item_ids(messages("product-views", 5)) == expected
    finally:
        used.release()
        reset.reset(tmp_path / "broker")
