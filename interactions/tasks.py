"""Run the worker's tasks about events."""

import logging

from celery import shared_task

from interactions import windows

logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=300, time_limit=360)
def add_up_behaviour() -> None:
    """Add up what users did, by half hours."""
    changed = windows.advance()
    if changed:
        logger.info("%d half hours changed, the latest of them from %s.", len(changed), changed[0])
