"""Run the worker's task that adds up what lists achieve with each item."""

import logging

from celery import shared_task

from recommender.insight import item_totals

logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=300, time_limit=360)
def sum_up_items() -> None:
    """Bring the totals of items up to date, by which the list of items is sorted and filtered."""
    if changed := item_totals.sum_up():
        logger.info("The totals of %d items changed.", changed)
