"""Tasks of the worker for every app."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from recsite.platform import handing, idempotency, partitions, staff_tokens
from recsite.platform.audit import Actor
from recsite.platform.backup import create, storage, upkeep
from recsite.platform.exceptions import Unavailable
from recsite.platform.locks import AlreadyRunning, exclusive
from recsite.platform.series import thinning
from recsite.platform.webhooks import delivering

logger = logging.getLogger(__name__)
BACKER = Actor.schedule("Back up")
KEEPER = Actor.schedule("Maintain partitions")
ROUND_EXPIRES_SECS = 60
"""A round of deliveries that waited longer is not needed: later ones were sent."""


@shared_task(soft_time_limit=300, time_limit=360)
def keep_partitions() -> None:
    """Make the coming months' partitions and detach those past retention."""
    try:
        with exclusive("The upkeep of the partitions"):
            for table in partitions.tables():
                done = table.keep(timezone.now())
                partitions.record(table, done, KEEPER)
                for step in done.steps(table):
                    logger.info("Done: %s.", step)
    except AlreadyRunning as busy:
        logger.info("%s", busy)
    for alarm in partitions.alarms():
        logger.error("%s", alarm)


@shared_task
def back_up() -> None:
    """Back up the database and the models, and delete backups that are too old."""
    if not storage.is_set_up():
        logger.info("There is no place for backups, so none is made.")
        return
    try:
        made = create.create(actor=BACKER)
    except AlreadyRunning as busy:
        logger.info("%s", busy)
        return
    logger.info("The backup %s has %d rows and takes %d bytes.", made.name, made.rows, made.bytes)
    upkeep.prune(actor=BACKER)


@shared_task(soft_time_limit=300, time_limit=360)
def forget_requests() -> None:
    """Delete the answers of requests with an Idempotency-Key that are older than a day, and logins that are over."""
    idempotency.forget_old()
    staff_tokens.forget_old()


@shared_task(soft_time_limit=300, time_limit=360)
def thin_series() -> None:
    """Delete the minutes of charts that are more than a week old; hours and days stay."""
    logger.info("%d minutes of charts are thinned.", thinning.thin())


@shared_task(soft_time_limit=60, time_limit=90)
def send_webhooks() -> None:
    """Send what waits for webhooks: a round of deliveries for each endpoint with messages that are due."""
    for endpoint_id in delivering.due():
        deliver_webhooks.apply_async((endpoint_id,), expires=ROUND_EXPIRES_SECS)


@shared_task(soft_time_limit=120, time_limit=150)
def deliver_webhooks(endpoint_id: int) -> None:
    """Deliver what is due at one endpoint."""
    try:
        delivering.deliver(endpoint_id)
    except AlreadyRunning as busy:
        logger.debug("%s", busy)


@shared_task(soft_time_limit=300, time_limit=360)
def prune_webhooks() -> None:
    """Delete old lines of the log of deliveries."""
    logger.info("%d webhook deliveries are pruned.", delivering.prune())


def deliver_soon(endpoint_id: int) -> None:
    """Have the worker deliver what is due at an endpoint, once the transaction is committed."""
    transaction.on_commit(lambda: _send_round(endpoint_id))


def _send_round(endpoint_id: int) -> None:
    try:
        handing.hand(deliver_webhooks, (endpoint_id,), expires=ROUND_EXPIRES_SECS)
    except Unavailable:
        logger.warning("No worker can be told of a webhook message: it is sent once beat and worker are there.")
