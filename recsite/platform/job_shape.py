"""The one shape of a job in JSON, for every operation that starts one or tells of one."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from recsite.platform import jobs
from recsite.platform.exceptions import Unavailable
from recsite.platform.lean import json_response
from recsite.platform.models import Job

EXAMPLE: dict[str, Any] = {
    "id": 17,
    "kind": "train",
    "title": "Train and promote",
    "state": "queued",
    "progress": 0.0,
    "message": "",
    "is_over": False,
    "cancel_requested": False,
    "attempts": 0,
    "started_by": "shop (k3JxQ8fT)",
    "door": "api",
    "created_at": "2026-05-01T12:00:00+00:00",
    "started_at": None,
    "finished_at": None,
    "log": [],
}


class JobOut(serializers.Serializer):
    """Describe a job."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(Job.State.choices)
    progress = serializers.FloatField(help_text="From 0 to 1.")
    message = serializers.CharField(help_text="How far it is; at its end, what it did, or why it failed.")
    is_over = serializers.BooleanField()
    cancel_requested = serializers.BooleanField(help_text="It stops at its next step.")
    attempts = serializers.IntegerField(help_text="How often it began: once more after its worker was killed.")
    started_by = serializers.CharField(help_text="The account, the key, the command or the entry of the schedule.")
    door = serializers.CharField(help_text="By which door it came in: admin, api, command, schedule.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    log = serializers.ListField(child=serializers.CharField(), help_text="The last lines of what it said.")


ACCEPTED = OpenApiResponse(JobOut, "The job is started; `Location` is the address that tells how far it is.")


def as_json(job: Job) -> dict[str, Any]:
    """Return a job as JSON."""
    actor = jobs.actor_of(job)
    return {
        "id": job.pk,
        "kind": job.kind,
        "title": job.title,
        "state": str(job.state),
        "progress": round(job.progress, 3),
        "message": job.message,
        "is_over": job.is_over,
        "cancel_requested": job.cancel_requested,
        "attempts": job.attempts,
        "started_by": actor.name,
        "door": actor.door,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "log": job.log.splitlines(),
    }


def accepted(job: Job) -> HttpResponse:
    """Return the answer to a request that started a job: 202, with the address of the job.

    Raises Unavailable where no worker could be told of it: whoever sends the request again starts another one.
    """
    now = Job.objects.select_related("started_by").get(pk=job.pk)
    if now.state == Job.State.FAILED and now.started_at is None:
        raise Unavailable(now.message)
    return json_response(as_json(now), 202, location=f"/api/v1/jobs/{job.pk}")
