"""What staff start from a button: each makes a job, hands it to a worker and shows its progress."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import OperationalError

from recsite.platform import jobs
from recsite.platform.console import leave_dialog

OPERATE = "recommender.operate"


def may_operate(request: HttpRequest) -> bool:
    return request.user.has_perm(OPERATE)


def start(request: HttpRequest, task: Any, kind: str, title: str, **arguments: Any) -> HttpResponse:
    """Enqueues `task` once the job is committed, and goes to the job's page."""
    job = jobs.create(kind, title, request.user if request.user.is_authenticated else None)
    transaction.on_commit(lambda: _enqueue(request, lambda: task.delay(job_id=job.pk, **arguments), job.pk))
    return leave_dialog(request, "admin:platform_job_change", job.pk)


def _enqueue(request: HttpRequest, send: Callable[[], Any], job_id: int) -> None:
    try:
        send()
    except OperationalError:
        jobs.refuse(job_id, "The queue can't be reached: check that Redis is running, then start it again.")
        messages.error(request, "The queue can't be reached, so nothing was started.")
