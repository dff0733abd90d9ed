"""A real Kafka broker for the tests, started when the first of them asks, where Java and Maven are there."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer
from django.conf import settings

from interactions import kafka as product
from interactions.topics import TOPICS
from recsite.local import servers
from recsite.local.environment import state_dir
from recsite.local.kafka import Kafka, NotFetched, missing
from recsite.local.servers import Servers


def start(state: Path) -> tuple[Servers, Kafka]:
    """A broker of its own in a state folder. The test is skipped where none can run here."""
    if reason := missing():
        pytest.skip(reason)
    try:
        used = servers.ensure(state, durable=False, kinds=(Kafka,))
    except NotFetched as fault:
        pytest.skip(str(fault))
    (broker,) = used.running
    assert isinstance(broker, Kafka)
    # Processes that the tests start must not take to Kafka by themselves.
    for variable in broker.environment:
        os.environ.pop(variable, None)
    return used, broker


@pytest.fixture(scope="session")
def broker() -> Iterator[Kafka]:
    """One for all tests, and for both of their processes."""
    used, found = start(state_dir() / "broker")
    yield found
    used.release()


def point_to(broker: Kafka, fixture: Any) -> None:
    """The product uses this broker, with topics of the test's own."""
    for name, value in broker.environment.items():
        setattr(fixture, name, value)
    fixture.KAFKA_TOPIC_PREFIX = f"test-{uuid4().hex[:8]}-"
    fixture.KAFKA_PARTITIONS = 3
    with pytest.MonkeyPatch.context() as patient:
        # A broker that has just started on a busy machine takes longer than a command waits.
        patient.setattr(product, "ADMIN_SECS", 60.0)
        product.create_topics(TOPICS, apply=True)


@pytest.fixture
def kafka(broker: Kafka, settings: Any) -> Iterator[Kafka]:
    point_to(broker, settings)
    yield broker
    product.forget()


def messages(topic: str, count: int, seconds: float = 20) -> list[Any]:
    """The first messages of a topic, from its beginning."""
    reader = Consumer(
        product.client_settings(**{"group.id": uuid4().hex, "auto.offset.reset": "earliest"}),
    )
    reader.subscribe([product.full_name(topic)])
    found: list[Any] = []
    for _ in range(int(seconds / 0.2)):
        found += [message for message in reader.consume(count, 0.2) if not message.error()]
        if len(found) >= count:
            break
    reader.close()
    return found


def environment() -> dict[str, str]:
    """What another process needs to use the same broker and topics."""
    return {name: str(getattr(settings, name)) for name in dir(settings) if name.startswith("KAFKA_")}
