"""Look once a minute at what rises and falls: queues, lag, what waits, and how long no event has come."""

import logging
from collections.abc import Callable, Iterator
from functools import partial

from django.db import DatabaseError
from django.utils import timezone

from interactions import arrivals, consumers
from interactions.kafka import BrokerDown
from interactions.lag import lag
from interactions.models import OutboxMessage
from interactions.topics import EVENTS, REQUESTS
from recommender.serving import kafka_requests
from recsite.metrics import COUNTED, FEEDS
from recsite.platform import broker, database, feed, series
from recsite.platform.broker import BrokerAway
from recsite.platform.database import DatabaseDown
from recsite.platform.series import Kind, noting

logger = logging.getLogger(__name__)
Levels = Iterator[tuple[Kind, tuple[str, ...], float]]


def sample() -> None:
    """Note every level as it is now. What can't be asked is a gap in its series, and no zero."""
    for look in LOOKS:
        try:
            for kind, labels, value in look():
                noting.level(kind, labels, value)
        except (BrokerAway, BrokerDown, DatabaseDown, DatabaseError) as down:
            logger.warning("%s", down)
    noting.flush_if_possible()


def _queues() -> Levels:
    for name, number in broker.waiting().items():
        yield series.QUEUES, (name,), number


def _lag() -> Levels:
    """Yield nothing where there is no Kafka."""
    for group, topics in ((consumers.GROUP, EVENTS), (kafka_requests.GROUP, (REQUESTS,))):
        if behind := lag(group, topics):
            yield series.LAG, (group,), sum(one.events for one in behind)


def _outbox() -> Levels:
    yield series.OUTBOX, (), database.ask(OutboxMessage.objects.all()[:COUNTED].count)


def _feeds() -> Levels:
    for reader, table in FEEDS.items():
        yield series.FEEDS, (reader,), database.ask(partial(feed.waiting, reader, table))


def _silence() -> Levels:
    if last := database.ask(arrivals.last_stored_at):
        yield series.SILENCE, (), max((timezone.now() - last).total_seconds(), 0.0)


LOOKS: tuple[Callable[[], Levels], ...] = (_queues, _lag, _outbox, _feeds, _silence)
