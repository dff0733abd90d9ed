"""Export everybody's lists into a file: a job."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema

from recommender import tasks
from recommender.api.requests import body_of, read_body
from recommender.serving import list_export, placements
from recommender.serving.contract import FOR_EXPORT
from recsite.platform import authentication, jobs
from recsite.platform.job_shape import ACCEPTED, EXAMPLE, accepted
from recsite.platform.json_view import JsonBodyView
from recsite.platform.schema import problems

JOB = EXAMPLE | {"kind": "export_lists", "title": "Export lists"}


class ExportLists(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="export_lists",
        tags=["Recommendations"],
        summary="Export the lists of all users",
        description="Into a file of the storage of exports, whose name the job says at its end. What shapes users' "
        "lists shapes these.",
        request=body_of(FOR_EXPORT),
        responses={202: ACCEPTED, **problems(413, 415)},
        examples=[
            OpenApiExample("Whoever was active", {"active_since": "2026-04-01", "limit": 5}, request_only=True),
            OpenApiExample("A job", JOB, response_only=True, status_codes=[202]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        values = read_body(FOR_EXPORT, request, body)
        list_export.check_format(values.get("format", list_export.JSONL))
        placements.find(values.get("placement", ""))
        if since := values.pop("active_since", None):
            values["active_since"] = since.isoformat()
        actor = authentication.actor(request)
        job = jobs.start(tasks.export_lists, "export_lists", "Export lists", actor=actor, asked=values)
        return accepted(job)
