"""Show, fill and clear the cache of lists, and sum up the installation."""

from dataclasses import asdict
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers

from catalog.models import EndUser, Item
from interactions.models import Interaction
from recommender import cache, registry, tasks
from recommender.api.operating import JOB, NOTHING, PROBLEMS
from recommender.insight import analytics
from recommender.models import ModelVersion
from recsite.platform import authentication, database, jobs
from recsite.platform.counts import count_rows
from recsite.platform.job_shape import ACCEPTED, accepted
from recsite.platform.json_view import JsonBodyView
from recsite.platform.lean import LeanJsonView
from recsite.platform.models import Job
from recsite.platform.query import Query
from recsite.platform.request_fields import Field, Fields, described, read_fields
from recsite.platform.schema import problems
from recsite.platform.values import Boolean

WARM: Fields = {"everybody": Field(Boolean(), "Everybody, also users who were not active lately.", False)}
CACHE = {
    "generation": 2864434397,
    "keys": 18211,
    "memory_bytes": 31457280,
    "peak_memory_bytes": 33554432,
    "max_memory_bytes": 268435456,
    "evicted_keys": 0,
    "expired_keys": 5120,
}
STATS = {
    "users": 3000,
    "items": 915,
    "events": 150000,
    "are_exact": True,
    "release": 42,
    "models": {"ready": 7, "archived": 12},
    "jobs": {"succeeded": 218, "failed": 2, "running": 1},
    "lists_today": 5120,
    "clicks_today": 311,
    "conversions_today": 40,
}


class CacheOut(serializers.Serializer):
    generation = serializers.IntegerField(help_text="Another number after a clearing.")
    keys = serializers.IntegerField(help_text="All keys in Redis.")
    memory_bytes = serializers.IntegerField()
    peak_memory_bytes = serializers.IntegerField()
    max_memory_bytes = serializers.IntegerField(help_text="0: no limit is set.")
    evicted_keys = serializers.IntegerField(help_text="Since Redis started: thrown away for want of memory.")
    expired_keys = serializers.IntegerField(help_text="Since Redis started.")


class StatsOut(serializers.Serializer):
    users = serializers.IntegerField()
    items = serializers.IntegerField()
    events = serializers.IntegerField()
    are_exact = serializers.BooleanField(help_text="False where one of the three is an estimate.")
    release = serializers.IntegerField(allow_null=True, help_text="The live one.")
    models = serializers.DictField(child=serializers.IntegerField(), help_text="Model versions by state.")
    jobs = serializers.DictField(child=serializers.IntegerField(), help_text="Jobs by state, those that ended too.")
    lists_today = serializers.IntegerField(help_text="Lists shown since midnight UTC, as far as they are added up.")
    clicks_today = serializers.IntegerField()
    conversions_today = serializers.IntegerField()


class Cache(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="read_cache",
        tags=["Models"],
        summary="Read the state of the cache",
        description="What Redis holds. 503 while it is gone: lists are then made at request time.",
        responses={200: CacheOut, **problems()},
        examples=[OpenApiExample("The cache", CACHE, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return asdict(cache.state())

    @extend_schema(
        operation_id="warm_cache",
        tags=["Models"],
        summary="Warm the cache",
        description="Make the lists of users who were active lately, or of all, before they ask.",
        request=described(WARM),
        responses={202: ACCEPTED, **PROBLEMS},
        examples=[OpenApiExample("Everybody", {"everybody": True}, request_only=True), *JOB],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        values = read_fields(WARM, body)
        return accepted(jobs.start(tasks.warm, "warm", "Warm the cache", actor=authentication.actor(request), **values))


class ClearCache(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="clear_cache",
        tags=["Models"],
        summary="Clear the cache",
        description="Throw all lists away: each is made again when it is asked for. No seen item comes back.",
        request=described(NOTHING),
        responses={202: ACCEPTED, **PROBLEMS},
        examples=JOB,
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        read_fields(NOTHING, body)
        actor = authentication.actor(request)
        return accepted(jobs.start(tasks.clear_cache, "clear_cache", "Clear the cache", actor=actor))


class Stats(LeanJsonView):
    @extend_schema(
        operation_id="read_stats",
        tags=["Models"],
        summary="Sum up the installation",
        description="How much there is and what is going on. Tables of more than 100,000 rows are estimated.",
        responses={200: StatsOut, **problems()},
        examples=[OpenApiExample("Figures", STATS, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return database.ask(_stats)


def _stats() -> dict[str, Any]:
    users, items, events = map(count_rows, (EndUser, Item, Interaction))
    live, today = registry.live_release(), analytics.list_totals(1)
    return {
        "users": users.rows,
        "items": items.rows,
        "events": events.rows,
        "are_exact": users.is_exact and items.is_exact and events.is_exact,
        "release": live.pk if live else None,
        "models": _by_state(ModelVersion.objects.all()),
        "jobs": _by_state(Job.objects.all()),
        "lists_today": sum(line.lists for line in today),
        "clicks_today": sum(line.places_clicked for line in today),
        "conversions_today": sum(line.places_converted for line in today),
    }


def _by_state(rows: QuerySet) -> dict[str, int]:
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))
