"""Compute the page of a job: its sentence, its steps with times, and where its result is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from recsite.platform import job_steps, workers
from recsite.platform.models import Job


@dataclass(frozen=True, slots=True)
class ResultLink:
    """Lead from what a job says at its end to a page: the pattern's group is the number in its address."""

    pattern: str
    page: str
    permission: str


def of(request: HttpRequest, job: Job) -> dict[str, Any]:
    """Return what the page of a job shows, all from one reading of it."""
    return {
        "said": said(job),
        "clock": job_steps.clock(job),
        "steps": job_steps.steps(job),
        "result": _result(request, job),
    }


def said(job: Job) -> str:
    """Say in one sentence how a job stands."""
    if job.state == Job.State.RUNNING and job.cancel_requested:
        return "Stopping at its next step."
    return workers.what_keeps(job) or job.message or "At work."


def _result(request: HttpRequest, job: Job) -> tuple[str, str] | None:
    """Return the words and the address of what a job has made; None where it says nothing of that."""
    if job.state != Job.State.SUCCEEDED:
        return None
    links: Sequence[ResultLink] = import_string(settings.JOB_LINKS)
    for one in links:
        found = re.search(one.pattern, job.message, re.IGNORECASE)
        if found and request.user.has_perm(one.permission):
            try:
                return found[0], reverse(one.page, args=[found[1]])
            except NoReverseMatch:
                return None
    return None
