"""Ask the task broker what waits in it."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from recsite.platform import queues
from recsite.platform.exceptions import Unavailable

logger = logging.getLogger(__name__)
QUEUED_AT = "queued_at"
"""The header of a message that says when it was put into its queue."""

OPTIONS = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0, "max_retries": 0, "interval_start": 0}


class BrokerAway(Unavailable):
    """Says that the task broker can't be reached."""


def oldest() -> dict[str, datetime]:
    """Return since when the task that is next in each queue has waited. Raises BrokerAway.

    A queue is left out where nothing waits, or where the broker is none whose queues can be looked into.
    """
    found: dict[str, datetime] = {}
    try:
        with current_app.connection_for_read(transport_options=OPTIONS) as broker:
            client: Any = getattr(broker.default_channel, "client", None)
            # Redis's lists: new messages come in at the left, and workers take from the right.
            for name in queues.NAMES if hasattr(client, "lindex") else ():
                if message := client.lindex(name, -1):
                    found |= _queued_at(name, message)
    except (KombuError, OSError, RedisError) as error:
        raise BrokerAway("The task broker doesn't answer: nobody knows how long tasks wait.") from error
    return found


def _queued_at(name: str, message: bytes) -> dict[str, datetime]:
    try:
        return {name: datetime.fromtimestamp(json.loads(message)["headers"][QUEUED_AT], UTC)}
    except (KeyError, TypeError, ValueError):
        # A message of another release.
        return {}


def waiting() -> dict[str, int]:
    """Return how many tasks wait in each queue. Raises BrokerAway."""
    try:
        with current_app.connection_for_read(transport_options=OPTIONS) as broker:
            channel: Any = broker.default_channel
            return {name: channel.queue_declare(queue=name).message_count for name in queues.NAMES}
    except (KombuError, OSError, RedisError) as error:
        logger.warning("The task broker doesn't answer: %s", error)
        raise BrokerAway("The task broker doesn't answer: nothing is trained, warmed or delivered.") from error
