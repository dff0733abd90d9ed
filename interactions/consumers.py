"""Store events from Kafka: batches as one set each, and offsets committed after the database.

A consumer that dies between the two leads to the same events again, which are stored once. What can't be read or stored
goes to the dead letters, and never keeps its neighbours waiting.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from prometheus_client import Counter as Count

from catalog import erasure, opting_out
from interactions import kafka, letters, producers, types, wire
from interactions.kafka import Message
from interactions.models import DeadLetter
from interactions.schema import Event, InvalidEvent
from interactions.topics import DEAD_LETTERS, EVENTS
from recsite.platform import database, tracing
from recsite.platform.database import DatabaseDown
from recsite.platform.series import noting
from recsite.platform.series.kinds import DEAD

logger = logging.getLogger(__name__)
GROUP = "recsite-store"
WAIT_SECS = 0.1
"""How long a batch waits to become full: a part of the time until a user's list knows of an event."""

PATIENCE_SECS = 1.0
consumed = Count("events_consumed_total", "Events read from Kafka, by what became of them.", ["outcome"])
batches = Count("event_batches_total", "Sets of events from Kafka that were stored and committed.")


@dataclass(frozen=True, slots=True)
class Read:
    """Holds the event of a message."""

    event: Event
    source: str
    raw: bytes
    topic: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Holds a message without an event, or with one that can't be stored."""

    raw: bytes
    topic: str
    reason: str
    source: str = "kafka"
    user_id: str = ""
    """Whose event it seems to be: by the key of the message, where it can't be read."""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Holds what some messages say."""

    read: Sequence[Read]
    unreadable: Sequence[Unreadable]
    traces: Sequence[str] = ()
    """Which traces the messages belong to."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """Holds messages that are being stored."""

    messages: Sequence[Any]
    batch: _Batch
    outcome: "Future[Counter[str]]"


class EventConsumer:
    """Reads as one member of the group until it is asked to stop, and finishes the batch it has begun."""

    def __init__(self, group: str = GROUP, batch: int = 0) -> None:
        self._batch = batch or settings.KAFKA_CONSUMER_BATCH
        self._prefix = len(settings.KAFKA_TOPIC_PREFIX)
        self._client = Consumer(
            kafka.client_settings(
                **{
                    "group.id": group,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "earliest",
                    "partition.assignment.strategy": "cooperative-sticky",
                    # Bounded memory: what is fetched ahead of the database waits on the brokers instead.
                    "queued.max.messages.kbytes": 16_384,
                    "fetch.message.max.bytes": 1_048_576,
                    "session.timeout.ms": 10_000,
                }
            )
        )
        self.totals: Counter[str] = Counter()
        self._late: list[Any] = []
        self._begun: _Begun | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    def run(self, stop: Callable[[], bool]) -> Counter[str]:
        """Return how many events were `stored`, `duplicate` and `dead`. An outage of Kafka or PostgreSQL is waited out.

        While one batch is being stored the next one is read; it is begun once the first is committed.
        """
        self._client.subscribe([kafka.full_name(topic) for topic in EVENTS])
        try:
            while not stop():
                messages = [*self._late, *self._client.consume(self._batch, WAIT_SECS)]
                self._late = []
                taken = [message for message in messages if not self._is_fault(message)]
                read = self._read_patiently(taken, stop)
                self._finish(stop)
                if read and not stop():
                    self._begun = _Begun(taken, read, self._thread.submit(_store_batch, read))
            self._finish(stop)
        finally:
            self._thread.submit(_leave)
            self._thread.shutdown()
            self._client.close()
        return self.totals

    def _is_fault(self, message: Any) -> bool:
        fault = message.error()
        if fault is not None and fault.code() != KafkaError._PARTITION_EOF:
            logger.warning("Kafka: %s", fault.str())
        return fault is not None

    def _read_patiently(self, messages: Sequence[Any], stop: Callable[[], bool]) -> "_Batch | None":
        """Return the events in messages; None where there are none, or where a stop is asked for during an outage."""
        while messages:
            try:
                return self._read(messages)
            except DatabaseDown:
                if not self._wait(stop):
                    break
        return None

    def _finish(self, stop: Callable[[], bool]) -> None:
        """End the batch that was begun, however long PostgreSQL is gone, and commit it.

        Nothing is committed where a stop is asked for first: the next consumer gets the same events.
        """
        begun, self._begun = self._begun, None
        while begun:
            try:
                outcome = begun.outcome.result()
            except DatabaseDown:
                if not self._wait(stop):
                    return
                begun = _Begun(begun.messages, begun.batch, self._thread.submit(_store_batch, begun.batch))
                continue
            self.totals.update(outcome)
            for name, number in outcome.items():
                consumed.labels(name).inc(number)
            self._commit(begun.messages)
            batches.inc()
            return

    def _read(self, messages: Sequence[Any]) -> "_Batch":
        rules, now, context_bytes = types.rules(), timezone.now(), settings.MAX_EVENT_CONTEXT_BYTES
        read, unreadable = list[Read](), list[Unreadable]()
        for message in messages:
            raw, topic = message.value() or b"", message.topic()[self._prefix :]
            request_id = kafka.request_id_of(message)
            try:
                event, source = wire.decode(raw, rules, now, context_bytes)
                read.append(Read(event, source, raw, topic, request_id))
            except InvalidEvent as fault:
                unreadable.append(Unreadable(raw, topic, str(fault), user_id=_key(message), request_id=request_id))
        return _Batch(read, unreadable, kafka.traces_of(messages))

    def _wait(self, stop: Callable[[], bool]) -> bool:
        """Stay in the group while PostgreSQL is gone, without reading on. False where a stop is asked for."""
        connection.close()
        assigned = self._client.assignment()
        self._client.pause(assigned)
        logger.warning("PostgreSQL is gone: nothing is read until it is back.")
        while database.is_down() and not stop():
            # Of partitions that were given to us meanwhile something may come all the same.
            if late := self._client.poll(PATIENCE_SECS):
                self._late.append(late)
        kafka.pause(PATIENCE_SECS, stop)
        self._client.resume(self._client.assignment())
        return not stop()

    def _commit(self, messages: Sequence[Any]) -> None:
        latest = {(message.topic(), message.partition()): message.offset() + 1 for message in messages}
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in latest.items()]
        try:
            self._client.commit(offsets=offsets, asynchronous=False)
        except KafkaException as fault:
            # The partitions went to another member, or the brokers are away: the same events come again.
            logger.warning("The offsets of a stored batch could not be committed: %s.", kafka.said(fault))


def keep_dead_letters(lost: Sequence[Unreadable]) -> int:
    """Keep what can't be stored, in the table and on its topic; return how many; nothing of users who are gone."""
    payloads = [wire.readable(one.raw) for one in lost]
    named = [
        {one.user_id, str(payload.get("user_id", "")).strip()} for one, payload in zip(lost, payloads, strict=True)
    ]
    with transaction.atomic():
        users = set[str]().union(*named)
        erased = erasure.refuse((), users) | opting_out.opted_out_among(users)
        kept = [pair for pair, names in zip(zip(lost, payloads, strict=True), named, strict=True) if not names & erased]
        letters.save(
            DeadLetter(source=one.source, topic=one.topic, reason=one.reason[:500], payload=payload)
            for one, payload in kept
        )
    transaction.on_commit(partial(noting.events, DEAD, len(kept)))
    for one, _ in kept:
        headers = kafka.request_headers(one.request_id)
        with structlog.contextvars.bound_contextvars(**headers):
            logger.warning("An event on %s became a dead letter.", one.topic)
        kafka.send(Message(DEAD_LETTERS, one.topic, one.raw, {"reason": one.reason[:500], **headers}))
    return len(kept)


def _unreadable(read: Read, reason: str) -> Unreadable:
    return Unreadable(read.raw, read.topic, reason, read.source, read.event.user_id, read.request_id)


def _key(message: Any) -> str:
    return (message.key() or b"").decode("utf-8", "replace")


def _leave() -> None:
    """Give the connection of this thread back."""
    connection.close()


def _store_batch(batch: _Batch) -> Counter[str]:
    with tracing.current().joined("store events", batch.traces) as step:
        step.tell(messaging__system="kafka", messaging__batch__message_count=len(batch.read))
        return _stored(batch)


def _stored(batch: _Batch) -> Counter[str]:
    try:
        outcome, refused = _store(batch.read)
        if lost := [*batch.unreadable, *refused]:
            kept = database.ask(lambda: keep_dead_letters(lost))
            outcome["dead"] += kept
            if kept < len(lost):
                outcome["erased"] += len(lost) - kept
    except DatabaseDown:
        # A connection that broke would stay broken: nothing here closes it between requests.
        connection.close()
        raise
    return outcome


def _store(read: Sequence[Read]) -> tuple[Counter[str], list[Unreadable]]:
    """Store events as one set; where the database refuses the set for one of them, in halves, down to that one."""
    if not read:
        return Counter(), []
    try:
        stored = database.ask(
            lambda: producers.store_and_tell(
                [one.event for one in read], [one.source for one in read], dead_letters=False
            )
        )
    except DatabaseDown:
        raise
    except Exception as fault:
        if len(read) == 1:
            with structlog.contextvars.bound_contextvars(**kafka.request_headers(read[0].request_id)):
                logger.exception("The database refuses an event.")
            return Counter(), [_unreadable(read[0], f"The database refuses it: {fault}")]
        middle = len(read) // 2
        parts = [_store(read[:middle]), _store(read[middle:])]
        return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
    lost = [_unreadable(read[one.position], one.reason) for one in stored.refused if not one.is_erased]
    outcome = Counter(stored=len(stored.stored), duplicate=stored.duplicates, dead=0)
    if stored.dropped:
        outcome["opted_out"] = len(stored.dropped)
    if stored.erased:
        outcome["erased"] = len(stored.erased)
        logger.info("%d events of erased users are dropped.", len(stored.erased))
    return outcome, lost
