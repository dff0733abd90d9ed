"""Tasks of the worker about the whole product."""

import logging

from celery import shared_task

from interactions import announcements
from interactions.topics import SYSTEM_METRICS
from recsite import levels
from recsite.metrics import asked_now
from recsite.platform import alerts
from recsite.platform.locks import AlreadyRunning
from recsite.platform.telling import rounds

logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=60, time_limit=90)
def announce_figures() -> None:
    """Announce on a topic how far readers are behind, what waits, and click rates."""
    announcements.announce(SYSTEM_METRICS, "system.figures", {"figures": asked_now()})


@shared_task(soft_time_limit=60, time_limit=90)
def sample_levels() -> None:
    """Note how much waits in queues, feeds and the outbox, and how long no event has come; look at the alerts.

    So an alert's beginning is known to the minute, though nobody has a page open.
    """
    levels.sample()
    alerts.now()


@shared_task(soft_time_limit=240, time_limit=300)
def tell_alerts() -> None:
    """Tell those who want to know which alerts have begun and which have ended."""
    try:
        rounds.tell(alerts.now())
    except AlreadyRunning as busy:
        logger.info("%s", busy)
