"""Tasks of the worker about the whole product."""

from celery import shared_task

from interactions import announcements
from interactions.topics import SYSTEM_METRICS
from recsite.metrics import asked_now


@shared_task(soft_time_limit=60, time_limit=90)
def announce_figures() -> None:
    """Announce on a topic how far readers are behind, what waits, and click rates."""
    announcements.announce(SYSTEM_METRICS, "system.figures", {"figures": asked_now()})
