"""Show and stop jobs: long work that somebody or the schedule started."""

from typing import Any

from django.http import Http404, HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema

from recsite.platform import authentication, database, jobs
from recsite.platform.exceptions import Conflict
from recsite.platform.job_shape import EXAMPLE, JobOut, as_json
from recsite.platform.json_view import JsonBodyView
from recsite.platform.lean import LeanJsonView
from recsite.platform.models import Job
from recsite.platform.paging import PARAMETERS, Page, page
from recsite.platform.query import Query
from recsite.platform.request_fields import NOTHING, described, read_fields
from recsite.platform.schema import PAGING, in_path, parameter, problems
from recsite.platform.values import Choice, Text

STATES, LONGEST_KIND = tuple(Job.State.values), 50
RUNNING = EXAMPLE | {
    "state": "running",
    "progress": 0.42,
    "message": "Fitting hybrid",
    "attempts": 1,
    "started_at": "2026-05-01T12:00:01+00:00",
    "log": ["12:00:01 reading the events", "12:00:09 Fitting hybrid"],
}
JOB_ID = in_path("job_id", {"type": "integer", "minimum": 1}, "The job's id.", EXAMPLE["id"])


class JobPageOut(Page):
    jobs = JobOut(many=True)


class JobList(LeanJsonView):
    @extend_schema(
        operation_id="list_jobs",
        tags=["Jobs"],
        summary="List jobs",
        description="The newest first, a page at a time. Jobs that ended are kept for `JOB_RETENTION_DAYS`.",
        parameters=[
            parameter("state", Choice(STATES).schema(), "Only jobs in this state."),
            parameter("kind", Text(LONGEST_KIND).schema(), "Only jobs of this kind, such as train."),
            *PAGING,
        ],
        responses={200: JobPageOut, **problems()},
        examples=[OpenApiExample("A page", {"jobs": [RUNNING], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("state", "kind", *PARAMETERS))
        wanted = {"state": query.choice("state", STATES, ""), "kind": query.text("kind", LONGEST_KIND)}
        found = Job.objects.filter(**{name: value for name, value in wanted.items() if value})
        rows, next_cursor = page(found.select_related("started_by"), query, newest_first=True)
        return {"jobs": list(map(as_json, rows)), "next_cursor": next_cursor}


class JobDetail(LeanJsonView):
    @extend_schema(
        operation_id="read_job",
        tags=["Jobs"],
        summary="Read a job",
        description="How far it is, and what it said. Ask again until `is_over`.",
        parameters=[JOB_ID],
        responses={200: JobOut, **problems(404)},
        examples=[OpenApiExample("A job", RUNNING, status_codes=[200])],
    )
    def get(self, request: HttpRequest, job_id: int) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return as_json(_job(job_id))


class CancelJob(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="cancel_job",
        tags=["Jobs"],
        summary="Cancel a job",
        description="A queued job ends at once, a running one at its next step. One that is over is refused (409).",
        parameters=[JOB_ID],
        request=described(NOTHING),
        responses={200: JobOut, **problems(404, 409, 413, 415)},
        examples=[
            OpenApiExample("A job", RUNNING | {"cancel_requested": True}, response_only=True, status_codes=[200])
        ],
    )
    def post(self, request: HttpRequest, body: Any, job_id: int) -> dict[str, Any]:
        read_fields(NOTHING, body)
        job = _job(job_id)
        if not jobs.cancel(job.pk, actor=authentication.actor(request)):
            raise Conflict({"job_id": f"The job is over: {job.state}. There is nothing to cancel."})
        return as_json(_job(job_id))


def _job(job_id: int) -> Job:
    found = database.ask(lambda: Job.objects.select_related("started_by").filter(pk=job_id).first())
    if found is None:
        raise Http404(f"There is no job {job_id}.")
    return found
