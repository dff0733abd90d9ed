"""Where accepted events enter. When `produce` returns, they are durable.

This producer writes them to PostgreSQL itself, and tells the sinks once that is committed.
"""

import logging
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from prometheus_client import Counter

from interactions import store
from interactions.schema import Event
from interactions.store import StoredEvent
from recsite.platform import database, epochs
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable

logger = logging.getLogger(__name__)
BULK_EPOCH = "events-in-bulk"
"""Rises when events came past the sinks, so that what was derived event by event is made anew."""

sink_failures = Counter("event_sink_failures_total", "Stored events that a sink failed to take in, by batch.", ["sink"])


class EventLogUnavailable(Unavailable):
    """Events can't be made durable now, so none was accepted."""


def produce(events: Sequence[Event], source: str = "api") -> None:
    """Makes the events durable, all or none, and hands the new ones to EVENT_SINKS after the commit.

    Sending them again changes nothing. Raises EventLogUnavailable while the database is gone.
    """
    try:
        database.ask(partial(_store, events, source))
    except DatabaseDown as error:
        raise EventLogUnavailable("Events can't be stored at the moment. Send them again in a few seconds.") from error


def stored_in_bulk() -> None:
    """Events were stored, changed or erased past `produce`, as an import does: call it afterwards."""
    epochs.bump(BULK_EPOCH)


@transaction.atomic
def _store(events: Sequence[Event], source: str) -> None:
    stored = store.store(events, source)
    transaction.on_commit(partial(_tell, stored.stored))


def _tell(events: tuple[StoredEvent, ...]) -> None:
    """A sink that fails is logged and counted: the events are stored, and nobody has to send them again for it."""
    if not events:
        return
    for path in settings.EVENT_SINKS:
        try:
            import_string(path)(events)
        except Exception:
            logger.exception("%s failed to take in %d stored events.", path, len(events))
            sink_failures.labels(path).inc()
