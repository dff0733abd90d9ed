"""Make accepted events durable: when `produce` returns, they are in PostgreSQL, or on Kafka where there is one.

Callers don't know which.
"""

import logging
from collections import Counter as Counts
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from prometheus_client import Counter

from catalog import erasure, opting_out
from interactions import kafka, outbox, single, store
from interactions.kafka import Message
from interactions.schema import Event
from interactions.store import Stored, StoredEvent
from interactions.topics import topic_of
from interactions.wire import encode
from recsite.platform import database, generations
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable
from recsite.platform.series import noting
from recsite.platform.series.kinds import DEAD, DUPLICATE, MINUTE, STORED

logger = logging.getLogger(__name__)
BULK_GENERATION = "events-in-bulk"
"""Rises when events came past the sinks, so that what was derived event by event is made anew."""

sink_failures = Counter("event_sink_failures_total", "Stored events that a sink failed to take in, by batch.", ["sink"])


class EventLogUnavailable(Unavailable):
    """Says that events can't be made durable now, so that none was accepted."""


class EventLog(Protocol):
    """Takes accepted events first."""

    def append(self, events: Sequence[Event], source: str) -> Stored:
        """Return when they are durable, with what is known of them. Raises DatabaseDown where that can't be."""


class DirectLog:
    """Stores in PostgreSQL itself: the commit is the acknowledgement."""

    def append(self, events: Sequence[Event], source: str) -> Stored:
        return database.ask(partial(store_and_tell, events, source))


class KafkaLog:
    """Hands events to Kafka, whose brokers acknowledge; where they don't, to the outbox."""

    def append(self, events: Sequence[Event], source: str) -> Stored:
        erased, out = self._left_out(events)
        headers = kafka.request_headers()
        messages = [
            Message(topic_of(event.type), event.user_id, encode(event, source), headers)
            for event in events
            if event.user_id not in erased and event.user_id not in out
        ]
        if outbox.is_empty():
            messages = kafka.deliver(messages)
        if messages:
            outbox.put(messages)
        dropped = tuple(position for position, event in enumerate(events) if event.user_id in out)
        opting_out.dropped.inc(len(dropped))
        return Stored(refused=store.refusals(events, erased), dropped=dropped)

    def _left_out(self, events: Sequence[Event]) -> tuple[set[str], set[str]]:
        """Return whose events are published no more: of users who were erased, and of those who opted out.

        Without the database nobody knows: the consumer refuses them.
        """
        users = {event.user_id for event in events}
        try:
            return database.ask(lambda: (erasure.erased_among(users), opting_out.opted_out_among(users)))
        except DatabaseDown:
            return set(), set()


def event_log() -> EventLog:
    """Return the log that the settings ask for."""
    return KafkaLog() if settings.KAFKA_BOOTSTRAP_SERVERS else DirectLog()


def produce(events: Sequence[Event], source: str = "api") -> Stored:
    """Make the events durable, all or none, whichever log they go to; the new ones come to EVENT_SINKS once stored.

    Return what became of them; empty where they are only on Kafka yet. Sending them again changes nothing. Raises
    EventLogUnavailable while there is nothing to keep them in.
    """
    try:
        return event_log().append(events, source)
    except DatabaseDown as error:
        raise EventLogUnavailable("Events can't be stored at the moment. Send them again in a few seconds.") from error


def stored_in_bulk() -> None:
    """Tell every process that events were stored, changed or erased past `produce`, as by an import."""
    generations.bump(BULK_GENERATION)


def store_and_tell(
    events: Sequence[Event], source: str | Sequence[str], dead_letters: bool = True, as_happened: bool = False
) -> Stored:
    """Store events (see `store.store`), and hand those that are new to EVENT_SINKS after the commit."""
    if len(events) == 1 and not as_happened and (known := single.store(events[0])):
        return _told(Stored((known,)))
    with transaction.atomic():
        outcome = store.store(events, source, dead_letters, as_happened)
        return _told(outcome, dead_letters, as_happened)


def _told(outcome: Stored, has_dead_letters: bool = True, as_happened: bool = False) -> Stored:
    transaction.on_commit(partial(_count, outcome, has_dead_letters, as_happened))
    transaction.on_commit(partial(_tell, outcome.stored))
    return outcome


def _count(outcome: Stored, has_dead_letters: bool, as_happened: bool) -> None:
    """Count by the minute what became of a batch."""
    if as_happened:
        for at, number in Counts(int(one.occurred_at.timestamp()) // MINUTE for one in outcome.stored).items():
            noting.events(STORED, number, at * MINUTE)
    else:
        noting.events(STORED, len(outcome.stored))
    noting.events(DUPLICATE, outcome.duplicates)
    if has_dead_letters:
        noting.events(DEAD, sum(not refusal.field for refusal in outcome.refused))


def _tell(events: tuple[StoredEvent, ...]) -> None:
    """Hand stored events to the sinks. One that fails is logged and counted: nobody has to send the events again."""
    if not events:
        return
    for path in settings.EVENT_SINKS:
        try:
            import_string(path)(events)
        except Exception:
            logger.exception("%s failed to take in %d stored events.", path, len(events))
            sink_failures.labels(path).inc()
