"""A task that goes on for longer than a worker that is told to stop may wait."""

import time

from celery import shared_task

SECS = 120.0


@shared_task
def lasting() -> None:
    time.sleep(SECS)
