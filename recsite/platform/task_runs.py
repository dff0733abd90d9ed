"""Note of each kind of task when it ran last, how long it took, and whether it failed: for the page of the schedule.

It is kept in Redis, without which no task runs either; whoever empties Redis sees a dash until the next run.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import Counter, Histogram

from recsite.platform import redis
from recsite.platform.redis import RedisDown

KEY = "task-runs"
SUCCESS = "SUCCESS"
LONGEST = 300

ended = Counter("tasks_total", "Tasks of the worker that have ended, by how.", ["task", "state"])
took = Histogram(
    "task_duration_seconds",
    "How long tasks of the worker took.",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)

_begun: dict[str, float] = {}
"""When the tasks of this process began, by their ids: one at a time in a worker's process, a few in threads."""


@dataclass(frozen=True, slots=True)
class Run:
    """Hold the latest run of a kind of task that has ended."""

    ended_at: datetime
    secs: float
    error: str
    """Why it failed; empty where it did not."""


def begin(task_id: str) -> None:
    _begun[task_id] = time.monotonic()


def end(task_id: str, task: str, state: str, said: Any) -> None:
    """Note and count how a task ended. It raises nothing: a task must not fail for what is only shown of it."""
    begun = _begun.pop(task_id, None)
    if begun is None:
        return
    seconds = time.monotonic() - begun
    ended.labels(task, state).inc()
    took.labels(task).observe(seconds)
    error = "" if state == SUCCESS else f"{type(said).__name__}: {said}"[:LONGEST]
    noted = orjson.dumps({"at": time.time(), "secs": seconds, "error": error})
    with suppress(RedisDown):
        redis.call(lambda client: client.hset(KEY, task, noted))


def latest() -> dict[str, Run]:
    """Return the latest run of each kind of task by its name; nothing while Redis is away."""
    try:
        found: Any = redis.call(lambda client: client.hgetall(KEY))
    except RedisDown:
        return {}
    return {_text(name): _run(orjson.loads(noted)) for name, noted in found.items()}


def _run(noted: dict[str, Any]) -> Run:
    return Run(datetime.fromtimestamp(noted["at"], UTC), noted["secs"], noted["error"])


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
