"""Start and stop shadows, and read what they found."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound

from recommender.insight.shadows import Report, reports
from recommender.models import Shadow
from recommender.operations import shadows
from recsite.platform import database
from recsite.platform.authentication import actor
from recsite.platform.json_view import JsonBodyView, created
from recsite.platform.query import Query
from recsite.platform.request_fields import NOTHING, described, read_fields
from recsite.platform.schema import in_path, problems

TAG = "Shadows"
MILLISECONDS = 1000.0
NUMBER = in_path("shadow_id", {"type": "integer", "minimum": 1, "maximum": shadows.MOST}, "The shadow's number.")


class TimesOut(serializers.Serializer):
    median = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)


class ShadowOut(serializers.Serializer):
    id = serializers.IntegerField()
    placement = serializers.CharField()
    release = serializers.IntegerField(allow_null=True)
    model = serializers.IntegerField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField()
    started_at = serializers.DateTimeField()
    started_by = serializers.CharField()
    stopped_at = serializers.DateTimeField(allow_null=True)
    lists = serializers.IntegerField(help_text="Made by the candidate.")
    overlap = serializers.FloatField(
        allow_null=True, help_text="The mean share of common items among the first ten; null without lists."
    )
    equal = serializers.FloatField(allow_null=True, help_text="The share of lists that were equal, in the same order.")
    failed = serializers.IntegerField(help_text="Lists that it failed to make.")
    last_error = serializers.CharField(allow_null=True)
    dropped = serializers.IntegerField(
        help_text="Left out, since a process was busy or the candidate couldn't be held."
    )
    milliseconds = TimesOut(help_text="What the candidate took; nothing of it comes from a cache.")
    live_milliseconds = TimesOut(help_text="What was shown instead took, mostly from the cache.")
    sentence = serializers.CharField()


class ShadowListOut(serializers.Serializer):
    items = ShadowOut(many=True)


FOUND: dict[str, Any] = {
    "id": 3,
    "placement": "home",
    "release": 42,
    "model": None,
    "revision": None,
    "share": 0.1,
    "started_at": "2026-05-01T13:00:00+00:00",
    "started_by": "grace",
    "stopped_at": None,
    "lists": 1234,
    "overlap": 0.64,
    "equal": 0.08,
    "failed": 0,
    "last_error": None,
    "dropped": 12,
    "milliseconds": {"median": 6.1, "p95": 18.0},
    "live_milliseconds": {"median": 0.8, "p95": 4.2},
    "sentence": "Over 1,234 lists, 6.4 of 10 items are the same; 8% are equal. None failed.",
}
UNTIMED = {"median": None, "p95": None}
ASKED = {"placement": "home", "release": 42, "share": 0.1}
ONE = OpenApiExample("What it found", FOUND, response_only=True, status_codes=[200])


class ShadowList(JsonBodyView):
    @extend_schema(
        operation_id="list_shadows",
        tags=[TAG],
        summary="List shadows",
        description=f"The last {shadows.LISTED}, the newest first, each with what it found.",
        responses={200: ShadowListOut, **problems(406)},
        examples=[OpenApiExample("One shadow", {"items": [FOUND]}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return database.ask(lambda: {"items": _told(list(Shadow.objects.all()[: shadows.LISTED]))})

    @extend_schema(
        operation_id="start_shadow",
        tags=[TAG],
        summary="Start a shadow",
        description="A release, a model or a revision makes a share of a placement's lists from now on, unseen. One "
        "runs at a placement at a time.",
        request=described(shadows.SHADOW),
        responses={201: ShadowOut, **problems(400, 406, 409, 413, 415)},
        examples=[
            OpenApiExample("A release", ASKED, request_only=True),
            OpenApiExample(
                "It runs",
                FOUND
                | {"lists": 0, "overlap": None, "equal": None, "dropped": 0, "sentence": "No list was made yet."}
                | {"milliseconds": UNTIMED, "live_milliseconds": UNTIMED},
                response_only=True,
                status_codes=[201],
            ),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        made = shadows.start(body, actor=actor(request))
        return created(_told([made])[0], f"/api/v1/shadows/{made.pk}")


class ShadowDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_shadow",
        tags=[TAG],
        summary="Read a shadow",
        description="What it found so far, over all processes and days.",
        parameters=[NUMBER],
        responses={200: ShadowOut, **problems(404, 406)},
        examples=[ONE],
    )
    def get(self, request: HttpRequest, shadow_id: int) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return database.ask(lambda: _told([_found(shadow_id)])[0])


class StopShadow(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="stop_shadow",
        tags=[TAG],
        summary="Stop a shadow",
        description="For good. What it found stays. Sent twice it stops once.",
        parameters=[NUMBER],
        request=described(NOTHING),
        responses={200: ShadowOut, **problems(400, 404, 406, 409, 413, 415)},
        examples=[ONE],
    )
    def post(self, request: HttpRequest, body: Any, shadow_id: int) -> dict[str, Any]:
        read_fields(NOTHING, body)
        return _told([shadows.stop(_found(shadow_id), actor=actor(request))])[0]


def _found(number: int) -> Shadow:
    try:
        return shadows.find(number)
    except Shadow.DoesNotExist as error:
        raise NotFound(str(error)) from error


def _told(rows: Sequence[Shadow]) -> list[dict[str, Any]]:
    found = reports(rows)
    return [_as_json(one, found[one.pk]) for one in rows]


def _as_json(one: Shadow, report: Report) -> dict[str, Any]:
    names = ("placement", *shadows.CANDIDATES, "share", "started_at", "started_by", "stopped_at")
    return {
        "id": one.pk,
        **{name: getattr(one, name) for name in names},
        "lists": report.lists,
        "overlap": report.overlap,
        "equal": report.equal,
        "failed": report.errors,
        "last_error": one.last_error or None,
        "dropped": report.dropped,
        "milliseconds": _times(report.seconds),
        "live_milliseconds": _times(report.live_seconds),
        "sentence": str(report),
    }


def _times(seconds: Sequence[float | None]) -> dict[str, float | None]:
    median, p95 = (None if one is None else round(one * MILLISECONDS, 3) for one in seconds)
    return {"median": median, "p95": p95}
