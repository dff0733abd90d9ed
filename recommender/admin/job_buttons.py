"""Start jobs from buttons: each hands its job to a worker and shows its progress."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import OperationalError

from recsite.platform import jobs
from recsite.platform.console import leave_dialog

OPERATE = "recommender.operate"
ONCE_MORE = {"max_retries": 1, "interval_start": 0}
"""One retry: a restarted broker closes connections, and staff wait for the answer."""


def may_operate(request: HttpRequest) -> bool:
    return request.user.has_perm(OPERATE)


def start(request: HttpRequest, task: Any, kind: str, title: str, **arguments: Any) -> HttpResponse:
    """Enqueue `task` once the job is committed, and go to the job's page."""
    job = jobs.create(kind, title, request.user if request.user.is_authenticated else None)
    transaction.on_commit(lambda: _enqueue(task, {"job_id": job.pk, **arguments}))
    return leave_dialog(request, "admin:platform_job_change", job.pk)


def _enqueue(task: Any, arguments: dict[str, Any]) -> None:
    try:
        task.apply_async(kwargs=arguments, retry_policy=ONCE_MORE)
    except OperationalError:
        jobs.refuse(
            arguments["job_id"], "The queue can't be reached: check that Redis is running, then start it again."
        )
