"""What the worker does. Each task calls one function."""

import logging

from celery import shared_task
from django.utils import timezone

from interactions import partitions
from recsite.platform.locks import Busy

logger = logging.getLogger(__name__)


@shared_task
def keep_partitions() -> None:
    """Makes the coming months' partitions; where the table is busy, the next tick does."""
    try:
        due = partitions.keep(timezone.now())
    except Busy as error:
        logger.warning("%s", error)
        return
    for step in due.steps():
        logger.info("Partitions: %s.", step)
