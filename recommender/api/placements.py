"""Read placements, draft what they are to show, preview it, publish it and return to what was."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound

from recommender import merchandising
from recommender.api import placement_shapes as shapes
from recommender.merchandising import ListSettings
from recommender.models import Placement
from recommender.serving import UnknownItem
from recommender.serving.preview import FROM_ITEMS, Subject, preview
from recommender.serving.rule_conflicts import conflicts
from recsite.platform import database, idempotency
from recsite.platform.authentication import actor
from recsite.platform.exceptions import Invalid
from recsite.platform.json_view import JsonBodyView, created, no_content
from recsite.platform.query import Query
from recsite.platform.request_fields import described, read_fields
from recsite.platform.schema import problems

TAG = "Placements"
CHANGED = problems(404, 409, 413, 415)
ONE = OpenApiExample("The placement", shapes.PUBLISHED, response_only=True, status_codes=[200])


class PlacementList(JsonBodyView):
    @extend_schema(
        operation_id="list_placements",
        tags=[TAG],
        summary="List placements",
        description="Where lists are shown, by name, each with its live revision and its draft.",
        responses={200: shapes.PlacementListOut, **problems()},
        examples=[OpenApiExample("One placement", {"placements": [shapes.PLACEMENT]}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        rows = database.ask(lambda: list(Placement.objects.select_related("live").order_by("name")))
        return {"placements": list(map(shapes.placement_as_json, rows))}

    @extend_schema(
        operation_id="create_placement",
        tags=[TAG],
        summary="Create a placement",
        description="It is served at once, as usual, as its first revision says. Its kind stays.",
        request=described(shapes.NEW),
        responses={201: shapes.PlacementOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("A placement", {"name": "home", "kind": "user"}, request_only=True),
            OpenApiExample("The placement", shapes.PUBLISHED, response_only=True, status_codes=[201]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        asked = read_fields(shapes.NEW, body)
        made = merchandising.create(asked["name"], asked["kind"], asked["description"] or "", actor=actor(request))
        return created(shapes.placement_as_json(made), f"/api/v1/placements/{made.name}")


class PlacementDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_placement",
        tags=[TAG],
        summary="Read a placement",
        description="What is live, the draft, and the history.",
        parameters=[shapes.NAME],
        responses={200: shapes.PlacementWithHistoryOut, **problems(404)},
        examples=[
            OpenApiExample("A placement", {**shapes.PLACEMENT, "history": [shapes.REVISION]}, status_codes=[200])
        ],
    )
    def get(self, request: HttpRequest, name: str) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return database.ask(lambda: shapes.with_history(_found(name)))

    @extend_schema(
        operation_id="delete_placement",
        tags=[TAG],
        summary="Delete a placement",
        description="With its history. Requests that name it are refused from then on. The default can't be deleted, "
        "nor one at which an experiment runs, is paused or is planned to start.",
        parameters=[shapes.NAME],
        responses={204: OpenApiResponse(description="It is gone."), **problems(404, 409)},
    )
    def delete(self, request: HttpRequest, name: str) -> HttpResponse:
        merchandising.delete(_found(name), actor=actor(request))
        return no_content()


class PlacementDraft(JsonBodyView):
    @extend_schema(
        operation_id="put_placement_draft",
        tags=[TAG],
        summary="Save a draft",
        description="It takes the place of the draft whose version is given. Nothing that is shown changes.",
        parameters=[shapes.NAME],
        request=described(shapes.DRAFT),
        responses={200: shapes.PlacementDraftedOut, **CHANGED},
        examples=[
            OpenApiExample("A draft", {"settings": {"diversity": 0.4, "count": 12}, "version": 6}, request_only=True),
            OpenApiExample(
                "The placement", {**shapes.PLACEMENT, "conflicts": []}, response_only=True, status_codes=[200]
            ),
        ],
    )
    def put(self, request: HttpRequest, body: Any, name: str) -> dict[str, Any]:
        asked = read_fields(shapes.DRAFT, body)
        held = merchandising.save_draft(_found(name), asked["settings"], asked["version"], actor=actor(request))
        own = ListSettings.stored(held.draft or {})
        return {**shapes.placement_as_json(held), "conflicts": conflicts(held.kind, own)}


class PublishPlacement(JsonBodyView):
    @extend_schema(
        operation_id="publish_placement",
        tags=[TAG],
        summary="Publish a draft",
        description="It is the live revision from then on, in every process within two seconds. Sent twice by the same "
        "key it publishes once; where somebody else was first, nothing changes and the sentence says who.",
        parameters=[shapes.NAME],
        request=described(shapes.PUBLISH),
        responses={200: shapes.PlacementOut, **CHANGED},
        examples=[
            OpenApiExample("What was seen", {"version": 7, "live": 3, "note": "The spring."}, request_only=True),
            ONE,
        ],
    )
    def post(self, request: HttpRequest, body: Any, name: str) -> dict[str, Any]:
        asked = read_fields(shapes.PUBLISH, body)
        seen = asked["version"], asked["live"]
        merchandising.publish(_found(name), *seen, asked["note"] or "", actor=actor(request))
        return shapes.placement_as_json(_found(name))


class RevertPlacement(JsonBodyView):
    @extend_schema(
        operation_id="revert_placement",
        tags=[TAG],
        summary="Return to a revision",
        description="Its settings are published again, as a new revision; a draft stays as it is.",
        parameters=[shapes.NAME],
        request=described(shapes.REVERT),
        responses={200: shapes.PlacementOut, **CHANGED},
        examples=[OpenApiExample("The one before", {"to": 2, "live": 3}, request_only=True), ONE],
    )
    def post(self, request: HttpRequest, body: Any, name: str) -> dict[str, Any]:
        asked = read_fields(shapes.REVERT, body)
        seen = asked["to"], asked["live"]
        merchandising.revert(_found(name), *seen, asked["note"] or "", actor=actor(request))
        return shapes.placement_as_json(_found(name))


class PreviewPlacement(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="preview_placement",
        tags=[TAG],
        summary="Preview settings",
        description="The list with these settings beside the one that is live, for the same user or items. Nothing is "
        "stored, and nothing counts as shown.",
        parameters=[shapes.NAME],
        request=described(shapes.PREVIEW),
        responses={200: shapes.PreviewOut, **problems(404, 413, 415)},
        examples=[
            OpenApiExample("A user", {"user_id": "ada", "settings": {"diversity": 0.4}}, request_only=True),
            OpenApiExample("Both lists", shapes.PREVIEWED, response_only=True, status_codes=[200]),
        ],
    )
    def post(self, request: HttpRequest, body: Any, name: str) -> dict[str, Any]:
        asked = read_fields(shapes.PREVIEW, body)
        placement = database.ask(lambda: _found(name))
        if placement.kind in FROM_ITEMS and not asked["items"]:
            raise Invalid({"items": "Such a list starts from items: name at least one."})
        own = ListSettings.read(placement.kind, asked["settings"]) if asked["settings"] is not None else _own(placement)
        subject = Subject(asked["user_id"] or "", asked["items"] or ())
        if subject.user_id:
            idempotency.about_users(request, [subject.user_id])
        try:
            return shapes.preview_as_json(preview(placement, own, subject, asked["limit"]))
        except UnknownItem as error:
            raise Invalid({"items": error.sentence}) from error


def _own(placement: Placement) -> ListSettings:
    """Return the draft, else what is live."""
    live = placement.live.settings if placement.live else {}
    return ListSettings.stored(live if placement.draft is None else placement.draft)


def _found(name: str) -> Placement:
    try:
        return merchandising.find(name)
    except Placement.DoesNotExist as error:
        raise NotFound(str(error)) from error
