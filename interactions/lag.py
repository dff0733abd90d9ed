"""Measure how far the consumers of a group are behind: for pages, metrics and alerts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from django.conf import settings

from interactions import kafka
from interactions.consumers import GROUP
from interactions.kafka import BrokerDown
from interactions.topics import EVENTS

TIMEOUT_SECS = 3.0
PAUSE_SECS = 0.1
MOVING = frozenset(
    (
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
    )
)
"""What brokers say while a topic is made, or moves to another of them: it is over in a moment."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Counts the events of one partition that are on the topic and not yet stored."""

    topic: str
    partition: int
    events: int


def lag(group: str = GROUP, topics: Sequence[str] = EVENTS) -> list[Lag]:
    """Return the lag of every partition of some topics, those of events; empty without a broker. Raises BrokerDown."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        return []
    # It never joins the group: it only asks where the group is.
    client = Consumer(kafka.client_settings(**{"group.id": group, "enable.auto.commit": False}))
    until = time.monotonic() + TIMEOUT_SECS
    try:
        while True:
            try:
                return _ask(client, topics)
            except KafkaException as fault:
                if fault.args[0].code() not in MOVING or time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECS)
    except KafkaException as fault:
        raise BrokerDown(f"Kafka at {settings.KAFKA_BOOTSTRAP_SERVERS} doesn't answer: {kafka.said(fault)}.") from fault
    finally:
        client.close()


def _ask(client: Consumer, topics: Sequence[str]) -> list[Lag]:
    there = client.list_topics(timeout=TIMEOUT_SECS).topics
    asked = [
        TopicPartition(kafka.full_name(topic), partition)
        for topic in topics
        if kafka.full_name(topic) in there
        for partition in there[kafka.full_name(topic)].partitions
    ]
    return [_lag(client, committed) for committed in client.committed(asked, timeout=TIMEOUT_SECS)]


def _lag(client: Consumer, committed: TopicPartition) -> Lag:
    first, after_last = client.get_watermark_offsets(committed, timeout=TIMEOUT_SECS)
    # Nothing was committed yet: the group begins at the beginning.
    reached = max(committed.offset, first)
    return Lag(committed.topic, committed.partition, max(after_last - reached, 0))
