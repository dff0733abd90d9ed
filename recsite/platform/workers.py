"""Tell whether somebody is there to do what waits in the queues."""

from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any

from celery import current_app
from django.conf import settings
from django.utils import timezone

from recsite.platform import jobs, queues, redis
from recsite.platform.models import Job
from recsite.platform.redis import RedisDown

SILENCE_SECS = 15
START_ONE = "start one with 'celery -A recsite.celery worker'"
STARTED = monotonic()
LOST_AFTER = timedelta(minutes=1)
LOST = (
    "Its worker is gone: it was killed, or its machine stopped. The job starts again when a worker takes it, "
    "or is marked as failed within a few minutes."
)


def note(**kwargs: Any) -> None:  # noqa: ARG001 - a handler of Celery's heartbeat
    """Record that this worker lives, for each queue that it takes tasks from; Celery calls it every two seconds."""
    mine = [name for name in current_app.amqp.queues.consume_from if name in queues.NAMES]
    with suppress(RedisDown):
        redis.call(lambda client: [client.set(_key(name), b"1", ex=SILENCE_SECS) for name in mine])


def may_still_start() -> bool:
    """Tell whether this process began so lately that what starts beside it may just not be there yet."""
    return monotonic() - STARTED < settings.ALERT_GRACE_SECS


def missing() -> list[str]:
    """Return the queues at which no worker lived in the last SILENCE_SECS. Raises RedisDown."""
    seen: Any = redis.call(lambda client: client.mget([_key(name) for name in queues.NAMES]))
    return [name for name, value in zip(queues.NAMES, seen, strict=True) if value is None]


def are_seen() -> bool:
    """Tell whether every queue has a worker. Raises RedisDown."""
    return not missing()


def complaint(since: str = "lately") -> str:
    """Say in one sentence which queue has no worker; empty where each has one. Raises RedisDown."""
    absent = missing()
    if not absent:
        return ""
    if len(absent) == len(queues.NAMES):
        return f"No worker has been seen {since}: {START_ONE}."
    start = START_ONE.removesuffix("'") + f" -Q {absent[0]}'"
    return f"No worker for the queue {absent[0]} has been seen {since}: {start}."


def what_keeps(job: Job) -> str:
    """Say in one sentence why a job doesn't go on; empty for one that is over or at work."""
    if jobs.has_lost_its_worker(job):
        return LOST
    if job.state != Job.State.QUEUED:
        return ""
    queue = queues.of_job(job.kind)
    try:
        if queue in missing():
            return complaint(since=f"for {SILENCE_SECS} seconds")
    except RedisDown:
        return "Redis can't be reached, so nobody knows when this begins: check that it is running."
    for running in Job.objects.filter(state=Job.State.RUNNING):
        if queues.of_job(running.kind) == queue and not jobs.has_lost_its_worker(running):
            return f"The worker has something else to do first: {running.title}."
    if timezone.now() - job.created_at > LOST_AFTER:
        return "No worker takes it: it may have been lost with the queue. Cancel it, and start it again."
    return "Waiting for a worker."


def _key(queue: str) -> str:
    return f"worker:seen:{queue}"
