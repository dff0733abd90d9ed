"""Whether somebody is there to do what waits in the queue."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone

from recsite.platform import redis
from recsite.platform.models import Job
from recsite.platform.redis import RedisDown

KEY = "worker:seen"
SILENCE_SECS = 15
START_ONE = "start one with 'celery -A recsite.celery worker'"
LOST_AFTER = timedelta(minutes=1)


def note(**kwargs: Any) -> None:  # noqa: ARG001 - a handler of Celery's heartbeat
    """The Celery worker says every two seconds that it lives."""
    with suppress(RedisDown):
        redis.call(lambda client: client.set(KEY, b"1", ex=SILENCE_SECS))


def are_seen() -> bool:
    """Whether a worker lived in the last SILENCE_SECS. Raises RedisDown."""
    return bool(redis.call(lambda client: client.exists(KEY)))


def what_keeps(job: Job) -> str:
    """Why a queued job hasn't begun, in one sentence; nothing for one that has."""
    if job.state != Job.State.QUEUED:
        return ""
    try:
        if not are_seen():
            return f"No worker has been seen for {SILENCE_SECS} seconds: {START_ONE}."
    except RedisDown:
        return "Redis can't be reached, so nobody knows when this begins: check that it is running."
    if running := Job.objects.filter(state=Job.State.RUNNING).exclude(pk=job.pk).first():
        return f"The worker has something else to do first: {running.title}."
    if timezone.now() - job.created_at > LOST_AFTER:
        return "No worker takes it: it may have been lost with the queue. Cancel it, and start it again."
    return "Waiting for a worker."
