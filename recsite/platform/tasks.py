"""Tasks of the worker for every app."""

import logging

from celery import shared_task
from django.utils import timezone

from recsite.platform import idempotency, partitions
from recsite.platform.locks import AlreadyRunning, exclusive

logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=300, time_limit=360)
def keep_partitions() -> None:
    """Make the coming months' partitions and detach those past retention."""
    try:
        with exclusive("The upkeep of the partitions"):
            for table in partitions.tables():
                for step in table.keep(timezone.now()).steps(table):
                    logger.info("Done: %s.", step)
    except AlreadyRunning as busy:
        logger.info("%s", busy)
    for alarm in partitions.alarms():
        logger.error("%s", alarm)


@shared_task(soft_time_limit=300, time_limit=360)
def forget_requests() -> None:
    """Delete the answers of requests with an Idempotency-Key that are older than a day."""
    idempotency.forget_old()
