"""Measure how far the consumers of a group are behind: for pages, metrics and alerts."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from django.conf import settings

from interactions import kafka
from interactions.consumers import GROUP
from interactions.kafka import BrokerDown
from interactions.topics import EVENTS

TIMEOUT_SECS = 3.0
PAUSE_SECS = 0.1
LOOKED_AT_KB = 64
"""How much of a partition is fetched to see its oldest message."""
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
    since: datetime | None = None
    """When the oldest of them came to the topic; None where nothing waits, or the broker was too slow to say."""

    @property
    def seconds(self) -> int:
        """Say for how long the oldest of them has waited."""
        return max(round((datetime.now(UTC) - self.since).total_seconds()), 0) if self.since else 0


def lag(group: str = GROUP, topics: Sequence[str] = EVENTS) -> list[Lag]:
    """Return the lag of every partition of some topics, those of events; empty without a broker. Raises BrokerDown."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        return []
    # It never joins the group: it only asks where the group is.
    own = {"group.id": group, "enable.auto.commit": False, "queued.max.messages.kbytes": LOOKED_AT_KB}
    client = Consumer(kafka.client_settings(**own))
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
    return _since(client, [_lag(client, committed) for committed in client.committed(asked, timeout=TIMEOUT_SECS)])


def _lag(client: Consumer, committed: TopicPartition) -> tuple[Lag, int]:
    """Return the lag, and the offset of the oldest event that isn't stored."""
    first, after_last = client.get_watermark_offsets(committed, timeout=TIMEOUT_SECS)
    # Nothing was committed yet: the group begins at the beginning.
    reached = max(committed.offset, first)
    return Lag(committed.topic, committed.partition, max(after_last - reached, 0)), reached


def _since(client: Consumer, found: list[tuple[Lag, int]]) -> list[Lag]:
    """Read when the oldest event that waits in each partition came to it."""
    waiting = [TopicPartition(one.topic, one.partition, reached) for one, reached in found if one.events]
    came: dict[tuple[str, int], datetime] = {}
    if waiting:
        client.assign(waiting)
    until = time.monotonic() + TIMEOUT_SECS
    while len(came) < len(waiting) and (left := until - time.monotonic()) > 0:
        message = client.poll(left)
        if message is None or message.error():
            continue
        where = (str(message.topic()), int(message.partition() or 0))
        _, milliseconds = message.timestamp()
        if where not in came:
            client.pause([TopicPartition(*where)])
            came[where] = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return [replace(one, since=came.get((one.topic, one.partition))) for one, _ in found]
