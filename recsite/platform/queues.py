"""Name the worker's two queues, and say which task waits in which: nothing quick waits behind a training."""

from typing import Any

from kombu import Exchange, Queue

DEFAULT, TRAINING = "default", "training"
NAMES = (DEFAULT, TRAINING)
LONG = ("train", "rebuild", "warm", "tune", "export", "past")
"""How the names of long tasks begin, and the kinds of their jobs."""

ROUTES: dict[str, Any] = {f"*.tasks.{name}*": {"queue": TRAINING} for name in LONG}
"""For Celery's task_routes; every other task goes to DEFAULT."""


def declared() -> list[Queue]:
    """Return both queues. A worker that is started without -Q takes tasks from both."""
    # Without a routing key of its own, each would get the tasks of the other as well.
    return [Queue(name, Exchange(name), routing_key=name) for name in NAMES]


def of_job(kind: str) -> str:
    """Return the queue in which the task of a job of this kind waits."""
    return TRAINING if kind.startswith(LONG) else DEFAULT
