"""What the worker does about the whole."""

from celery import shared_task

from interactions import announcements
from interactions.topics import SYSTEM_METRICS
from recsite.metrics import asked_now


@shared_task(soft_time_limit=60, time_limit=90)
def announce_figures() -> None:
    """Says on a topic how far everybody is behind, what waits, and what lists achieve."""
    announcements.announce(SYSTEM_METRICS, "system.figures", {"figures": asked_now()})
