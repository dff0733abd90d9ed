"""Show the models: the live release, every version, and every release."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound

from recommender import registry
from recommender.api.model_shapes import (
    LIVE,
    MODEL,
    RELEASE,
    LiveOut,
    ModelOut,
    ModelPageOut,
    ReleaseOut,
    ReleasePageOut,
    in_force_as_json,
    member_as_json,
    model_as_json,
    release_as_json,
)
from recommender.models import ModelVersion, Release, with_promoter, with_starter
from recsite.platform import database
from recsite.platform.lean import LeanJsonView
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, in_path, parameter, problems
from recsite.platform.values import Choice, Text

MODEL_STATES = tuple(ModelVersion.State.values)
RELEASE_STATES = tuple(Release.State.values)
LONGEST_ALGORITHM = 50
NUMBER = {"type": "integer", "minimum": 1}
MODEL_ID = in_path("model_id", NUMBER, "The number of a model version.", MODEL["id"])
RELEASE_ID = in_path("release_id", NUMBER, "The number of a release.", RELEASE["id"])


class LiveModels(LeanJsonView):
    @extend_schema(
        operation_id="read_live_models",
        tags=["Models"],
        summary="Read the live release",
        description="The release that is served, with its model versions, how good they were, and who serves it.",
        responses={200: LiveOut, **problems(404)},
        examples=[OpenApiExample("A release", LIVE, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return dict(LiveOut(database.ask(_live_release)).data)


class ModelList(LeanJsonView):
    @extend_schema(
        operation_id="list_models",
        tags=["Models"],
        summary="List models",
        description="Every model version, the newest first, with its settings, its data and how good it was.",
        parameters=[
            parameter("algorithm", Text(LONGEST_ALGORITHM).schema(), "Only models of this algorithm."),
            parameter("state", Choice(MODEL_STATES).schema(), "Only models in this state."),
            *PAGING,
        ],
        responses={200: ModelPageOut, **problems()},
        examples=[OpenApiExample("A page", {"models": [MODEL], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("algorithm", "state", *PARAMETERS))
        algorithm, state = query.text("algorithm", LONGEST_ALGORITHM), query.choice("state", MODEL_STATES, "")
        wanted = {"algorithm": algorithm, "state": state}
        found = _models().filter(**{name: value for name, value in wanted.items() if value})
        rows, next_cursor = page(found, query, newest_first=True)
        return {"models": list(map(model_as_json, rows)), "next_cursor": next_cursor}


class ModelDetail(LeanJsonView):
    @extend_schema(
        operation_id="read_model",
        tags=["Models"],
        summary="Read a model",
        description="One model version: how it was made, on what, how good it was and what the quality gate said.",
        parameters=[MODEL_ID],
        responses={200: ModelOut, **problems(404)},
        examples=[OpenApiExample("A model", MODEL, status_codes=[200])],
    )
    def get(self, request: HttpRequest, model_id: int) -> dict[str, Any]:
        Query(request.GET, ()).check()
        found = database.ask(lambda: _models().filter(pk=model_id).first())
        if found is None:
            raise Http404(f"There is no model {model_id}.")
        return model_as_json(found)


class ReleaseList(LeanJsonView):
    @extend_schema(
        operation_id="list_releases",
        tags=["Models"],
        summary="List releases",
        description="Every release, the newest first: bundles of model versions, of which one is live.",
        parameters=[parameter("state", Choice(RELEASE_STATES).schema(), "Only releases in this state."), *PAGING],
        responses={200: ReleasePageOut, **problems()},
        examples=[OpenApiExample("A page", {"releases": [RELEASE], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("state", *PARAMETERS))
        state = query.choice("state", RELEASE_STATES, "")
        rows, next_cursor = page(_releases().filter(**({"state": state} if state else {})), query, newest_first=True)
        return {"releases": list(map(release_as_json, rows)), "next_cursor": next_cursor}


class ReleaseDetail(LeanJsonView):
    @extend_schema(
        operation_id="read_release",
        tags=["Models"],
        summary="Read a release",
        description="One release with its model versions, and what the quality gate says against promoting it now.",
        parameters=[RELEASE_ID],
        responses={200: ReleaseOut, **problems(404)},
        examples=[OpenApiExample("A release", RELEASE, status_codes=[200])],
    )
    def get(self, request: HttpRequest, release_id: int) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return database.ask(lambda: release_as_json(find_release(release_id)))


def find_release(release_id: int) -> Release:
    """Return a release with its models. Raises Http404."""
    found = _releases().filter(pk=release_id).first()
    if found is None:
        raise Http404(f"There is no release {release_id}.")
    return found


def _models() -> QuerySet[ModelVersion]:
    serving = Release.objects.filter(state=Release.State.LIVE, members__version=OuterRef("pk"))
    return with_starter(ModelVersion.objects.all()).annotate(is_live=Exists(serving))


def _releases() -> QuerySet[Release]:
    return with_promoter(Release.objects.all()).prefetch_related("members__version")


def _live_release() -> dict[str, object]:
    live = registry.live_release()
    if live is None:
        raise NotFound("Nothing is live yet: train with 'manage.py train', or with Train now in the admin.")
    members = live.members.select_related("version").order_by("algorithm")
    return {
        "release": live.pk,
        "promoted_at": live.promoted_at,
        "versions": list(map(member_as_json, members)),
        **in_force_as_json(live.pk),
    }
