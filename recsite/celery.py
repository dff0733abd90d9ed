"""Make the Celery app: worker and beat start from here."""

import os
import time
from importlib import import_module
from typing import Any

import structlog
from celery import Celery
from celery.signals import (
    before_task_publish,
    celeryd_init,
    import_modules,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_process_shutdown,
)
from django.conf import settings

from recsite import production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

app = Celery("recsite")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**kwargs: Any) -> None:
    """Keep Celery from replacing the logs that Django has configured."""


@celeryd_init.connect
def _print_no_banner(instance: Any, **_: Any) -> None:
    """Keep the worker's banner out of its log, whose lines are JSON; beat has only its own --quiet for that."""
    instance.quiet = True


@before_task_publish.connect
def _send_request_id(headers: dict[str, Any], **_: Any) -> None:
    """Let the task carry when it was sent, and the id of the request that started it, so that their log lines meet."""
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers["request_id"] = request_id
    # Celery's own messages don't tell how long they have waited.
    headers["queued_at"] = time.time()


@task_prerun.connect
def _take_request_id(task_id: str, task: Any, **_: Any) -> None:
    """Write both ids in every line of the task; one that beat started is a request of its own."""
    request_id = task.request.get("request_id") or task_id
    structlog.contextvars.bind_contextvars(request_id=request_id, task_id=task_id, task=task.name)
    _runs().begin(task_id)


@task_postrun.connect
def _forget_request_id(task_id: str, task: Any, state: str | None = None, retval: Any = None, **_: Any) -> None:
    """Note how it ended, and take its ids off the lines that follow."""
    _runs().end(task_id, task.name, state or "", retval)
    structlog.contextvars.unbind_contextvars("request_id", "task_id", "task")


def _runs() -> Any:
    """Return the module that keeps the latest runs; it needs Django's settings, which come later than this module."""
    return import_module("recsite.platform.task_runs")


@worker_process_init.connect
def _say_what_is_loaded(**_: Any) -> None:
    """Have each process that makes lists say which release it has loaded."""
    processes: Any = import_module("recommender.serving.processes")
    processes.begin(processes.WORKER)


@worker_process_shutdown.connect
def _store_what_is_gathered(**_: Any) -> None:
    """Store what this process has noted: it ends without Python's own way of leaving."""
    gathering: Any = import_module("recsite.platform.gathering")
    gathering.leave()
    tracing: Any = import_module("recsite.platform.tracing")
    tracing.current().leave()


# The first signal that worker and beat have in common, before either talks to a server.
@import_modules.connect
def _refuse_unsafe_production(**_: Any) -> None:
    production.refuse_errors(settings)
