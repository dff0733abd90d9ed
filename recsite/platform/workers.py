"""Tell whether somebody is there to do what waits in the queue."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone

from recsite.platform import jobs, redis
from recsite.platform.models import Job
from recsite.platform.redis import RedisDown

KEY = "worker:seen"
SILENCE_SECS = 15
START_ONE = "start one with 'celery -A recsite.celery worker'"
LOST_AFTER = timedelta(minutes=1)
LOST = (
    "Its worker is gone: it was killed, or its machine stopped. The job starts again when a worker takes it, "
    "or is marked as failed within a few minutes."
)


def note(**kwargs: Any) -> None:  # noqa: ARG001 - a handler of Celery's heartbeat
    """Record that the Celery worker lives; Celery calls this every two seconds."""
    with suppress(RedisDown):
        redis.call(lambda client: client.set(KEY, b"1", ex=SILENCE_SECS))


def are_seen() -> bool:
    """Tell whether a worker lived in the last SILENCE_SECS. Raises RedisDown."""
    return bool(redis.call(lambda client: client.exists(KEY)))


def what_keeps(job: Job) -> str:
    """Say in one sentence why a job doesn't go on; empty for one that is over or at work."""
    if jobs.has_lost_its_worker(job):
        return LOST
    if job.state != Job.State.QUEUED:
        return ""
    try:
        if not are_seen():
            return f"No worker has been seen for {SILENCE_SECS} seconds: {START_ONE}."
    except RedisDown:
        return "Redis can't be reached, so nobody knows when this begins: check that it is running."
    for running in Job.objects.filter(state=Job.State.RUNNING):
        if not jobs.has_lost_its_worker(running):
            return f"The worker has something else to do first: {running.title}."
    if timezone.now() - job.created_at > LOST_AFTER:
        return "No worker takes it: it may have been lost with the queue. Cancel it, and start it again."
    return "Waiting for a worker."
