"""Keep events that Kafka didn't take, and announcements, in order, until a relay has handed them on.

While an event waits here, every new event is put behind it: so a user's events stay in the order in which they were
accepted. PostgreSQL is asked before each one, since another process may have put something here a moment ago.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from prometheus_client import Counter

from interactions import kafka
from interactions.kafka import Message
from interactions.models import OutboxMessage
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.locks import AlreadyRunning, exclusive

logger = logging.getLogger(__name__)
relayed = Counter("outbox_handed_on_total", "Messages of the outbox that were handed on to Kafka.")
BATCH = 500
COUNTED = 100_000
"""Messages up to which they are counted: more of them are an alarm all the same."""

LONGEST_PAUSE_SECS = 30.0
STANDBY_SECS = 2.0
"""How often a relay in waiting looks whether the one at work has left."""

IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM interactions_outboxmessage WHERE is_event)"
LOCK = "The relay of events"


class _Known:
    """Holds what this process heard last, for when the database is gone."""

    is_empty = True


_known = _Known()


def is_empty() -> bool:
    """Return True where no event waits; while the database is gone, what it said when it was last asked."""
    with suppress(DatabaseDown):
        ((_known.is_empty,),) = database.ask(partial(database.prepared, IS_EMPTY, {}))
    return _known.is_empty


def put(messages: Sequence[Message]) -> None:
    """Keep messages for the relay. Raises DatabaseDown."""
    rows = [
        OutboxMessage(topic=one.topic, key=one.key, value=one.value, request_id=one.headers.get(kafka.REQUEST_ID, ""))
        for one in messages
    ]
    database.ask(partial(OutboxMessage.objects.bulk_create, rows))
    _known.is_empty = False


def level() -> tuple[int, float]:
    """Return how many messages wait, up to COUNTED, and for how many seconds the oldest of them has."""
    waiting = OutboxMessage.objects.all()[:COUNTED].count()
    oldest = OutboxMessage.objects.order_by("pk").values_list("created_at", flat=True).first()
    return waiting, max((timezone.now() - oldest).total_seconds(), 0.0) if oldest else 0.0


def relay(stop: Callable[[], bool], once: bool = False, standby: bool = False) -> int:
    """Hand on what waits, the oldest first, until `stop`; return how much it was. `once` ends it when nothing waits.

    Only one works at a time: raises AlreadyRunning, or waits for its turn where `standby`. An outage of PostgreSQL is
    waited out, one of Kafka with growing pauses.
    One that is killed between handing on and forgetting leads to the same events twice, which are stored once.
    """
    handed_on = 0
    while not stop():
        try:
            with exclusive(LOCK):
                for done in _rounds(stop, once):
                    handed_on += done
                return handed_on
        except AlreadyRunning:
            if not standby:
                raise
            kafka.pause(STANDBY_SECS, stop)
        except (OperationalError, InterfaceError, DatabaseDown) as fault:
            logger.warning("The relay waits for PostgreSQL: %s", str(fault).strip())
            connection.close()
            kafka.pause(1.0, stop)
    return handed_on


def _rounds(stop: Callable[[], bool], once: bool) -> Iterator[int]:
    """Yield how many were handed on, round after round."""
    pause = 0.0
    while not stop():
        waiting = database.ask(lambda: list(OutboxMessage.objects.order_by("pk")[:BATCH]))
        done = _hand_on(waiting)
        yield done
        if done < len(waiting):
            pause = min(max(2 * pause, 1.0), LONGEST_PAUSE_SECS)
            logger.warning("Kafka took %d of %d waiting events; again in %.0f s.", done, len(waiting), pause)
            kafka.pause(pause, stop)
        elif waiting:
            pause = 0.0
        elif once:
            return
        else:
            kafka.pause(0.5, stop)


def _hand_on(waiting: Sequence[OutboxMessage]) -> int:
    """Deliver rows, and delete those before the first that did not arrive."""
    messages = [Message(row.topic, row.key, bytes(row.value), kafka.request_headers(row.request_id)) for row in waiting]
    undelivered = {id(message) for message in kafka.deliver(messages)}
    failed = next((number for number, message in enumerate(messages) if id(message) in undelivered), len(messages))
    if failed:
        OutboxMessage.objects.filter(pk__in=[row.pk for row in waiting[:failed]]).delete()
        relayed.inc(failed)
    return failed
