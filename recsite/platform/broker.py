"""Ask the task broker what waits in it."""

import logging
from typing import Any

from celery import current_app
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from recsite.platform import queues
from recsite.platform.exceptions import Unavailable

logger = logging.getLogger(__name__)
OPTIONS = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0, "max_retries": 0, "interval_start": 0}


class BrokerAway(Unavailable):
    """Says that the task broker can't be reached."""


def waiting() -> dict[str, int]:
    """Return how many tasks wait in each queue. Raises BrokerAway."""
    try:
        with current_app.connection_for_read(transport_options=OPTIONS) as broker:
            channel: Any = broker.default_channel
            return {name: channel.queue_declare(queue=name).message_count for name in queues.NAMES}
    except (KombuError, OSError, RedisError) as error:
        logger.warning("The task broker doesn't answer: %s", error)
        raise BrokerAway("The task broker doesn't answer: nothing is trained, warmed or delivered.") from error
