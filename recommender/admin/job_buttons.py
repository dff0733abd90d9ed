"""Start jobs from buttons: each hands its job to a worker and shows its progress."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from recsite.platform import jobs
from recsite.platform.audit import Actor
from recsite.platform.console import leave_dialog

OPERATE = "recommender.operate"


def may_operate(request: HttpRequest) -> bool:
    return request.user.has_perm(OPERATE)


def start(request: HttpRequest, task: Any, kind: str, title: str, **arguments: Any) -> HttpResponse:
    """Enqueue `task` once the job is committed, and go to the job's page."""
    job = jobs.start(task, kind, title, actor=Actor.staff(request), **arguments)
    return leave_dialog(request, "admin:platform_job_change", job.pk)
