"""The registry of event types: what an event of each means for lists and models."""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers

from interactions import registry
from interactions.models import InteractionType
from interactions.schema import AMOUNTS
from recsite.platform import database
from recsite.platform.authentication import actor
from recsite.platform.exceptions import Invalid
from recsite.platform.json_view import JsonBodyView, created, no_content
from recsite.platform.lean import json_response
from recsite.platform.query import Query
from recsite.platform.request_fields import Field, Fields, as_addressed, described, read_fields
from recsite.platform.schema import in_path, problems
from recsite.platform.values import Boolean, Number, Text, WrongValue

LARGEST = AMOUNTS[1]


class Name(Text):
    """Read the name of a type: it stands in addresses and in events."""

    pattern = r"^[-a-zA-Z0-9_]+$"

    def from_text(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text) or len(text) > self.longest:
            raise WrongValue(f"Letters of ASCII, digits, - and _ are needed, at most {self.longest}.")
        return text

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "pattern": self.pattern}


class Weight(Number):
    """Read a weight: which way an event speaks is another field's business."""

    def _within(self, value: float) -> float:
        if value < 0:
            raise WrongValue("0 is the least weight. A type that speaks against its item has is_negative: true.")
        return super()._within(value)


class NumberOrNone(Number):
    """Read a number, or null for none."""

    def from_json(self, value: Any) -> float | None:  # type: ignore[override]  # none is a value here
        return None if value is None else super().from_json(value)

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "type": ["number", "null"]}


NAME = Name(50)
SCALE = NumberOrNone(-LARGEST, LARGEST)
FIELDS: Fields = {
    "weight": Field(
        Weight(0, LARGEST), "How strong a sign it is: a view 1, a purchase 5; 0 is none.", is_required=True
    ),
    "is_negative": Field(Boolean(), "It speaks against the item.", False),
    "marks_seen": Field(Boolean(), "After it, the item is not recommended to that user again.", True),
    "needs_item": Field(Boolean(), "It is about an item; a login is about none. Fixed once there are events.", True),
    "is_conversion": Field(Boolean(), "Lists are judged by how often it follows them.", False),
    "scale_min": Field(SCALE, "The least rating. Of the scale, give all three or none."),
    "scale_max": Field(SCALE, "The largest rating."),
    "relevant_at": Field(SCALE, "A rating from here on counts as liked."),
    "amount_min": Field(Number(-LARGEST, LARGEST), "The least value of an event without a scale.", AMOUNTS[0]),
    "amount_max": Field(Number(-LARGEST, LARGEST), "The largest value of an event without a scale.", AMOUNTS[1]),
}
PUT: Fields = {"name": Field(NAME, "As in the address."), **FIELDS}
NEW: Fields = {"name": Field(NAME, "What events call it.", is_required=True), **FIELDS}
SAVED: dict[str, Any] = {
    "name": "save",
    "weight": 2.0,
    "is_negative": False,
    "marks_seen": False,
    "needs_item": True,
    "is_conversion": False,
    "scale_min": None,
    "scale_max": None,
    "relevant_at": None,
    "amount_min": 0.0,
    "amount_max": 1e9,
}
BY_NAME = [in_path("name", NAME.schema(), "The type's name.")]
EXAMPLE = OpenApiExample("A type", SAVED, response_only=True, status_codes=[200, 201])
WEIGHT = {"weight": 2, "marks_seen": False}
PROBLEMS = problems(409, 413, 415)


class TypeOut(serializers.ModelSerializer):
    class Meta:
        model = InteractionType
        fields = ("name", *registry.FIELDS)
        read_only_fields = fields


class TypesOut(serializers.Serializer):
    items = TypeOut(many=True)


class InteractionTypes(JsonBodyView):
    @extend_schema(
        operation_id="list_interaction_types",
        tags=["Events"],
        summary="List the types of events",
        description="All types, those that the product brings first. None of them is left out, so there are no pages.",
        responses={200: TypesOut, **problems()},
        examples=[OpenApiExample("One type", {"items": [SAVED]}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        kinds = database.ask(lambda: list(InteractionType.objects.all()))
        return {"items": TypeOut(kinds, many=True).data}

    @extend_schema(
        operation_id="create_interaction_type",
        tags=["Events"],
        summary="Create a type of events",
        description="Events of it are taken from then on, by every process within two seconds.",
        request=described(NEW),
        responses={201: TypeOut, **PROBLEMS},
        examples=[OpenApiExample("To save for later", {"name": "save", **WEIGHT}, request_only=True), EXAMPLE],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        values = read_fields(NEW, body)
        return _created(registry.create(values.pop("name"), values, actor=actor(request)))


class InteractionTypeDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_interaction_type",
        tags=["Events"],
        summary="Read a type of events",
        description="One type by its name.",
        parameters=BY_NAME,
        responses={200: TypeOut, **problems(404)},
        examples=[EXAMPLE],
    )
    def get(self, request: HttpRequest, name: str) -> dict[str, Any]:
        Query(request.GET, ()).check()
        name = _valid(name)
        kind = database.ask(InteractionType.objects.filter(name=name).first)
        if kind is None:
            raise _missing(name)
        return _told(kind)

    @extend_schema(
        operation_id="put_interaction_type",
        tags=["Events"],
        summary="Replace a type of events, or create it",
        description="Lists follow a changed weight at once, models from the next training on.",
        parameters=BY_NAME,
        request=described(PUT),
        responses={200: TypeOut, 201: TypeOut, **PROBLEMS},
        examples=[OpenApiExample("Another weight", WEIGHT, request_only=True), EXAMPLE],
    )
    def put(self, request: HttpRequest, body: Any, name: str) -> HttpResponse:
        values = read_fields(PUT, body)
        as_addressed("name", values, name)
        kind, is_new = registry.put(_valid(name), values, actor=actor(request))
        return _created(kind) if is_new else json_response(_told(kind))

    @extend_schema(
        operation_id="delete_interaction_type",
        tags=["Events"],
        summary="Delete a type of events",
        description="A type of which events are stored can't be deleted (409): the weight 0 takes it out of lists.",
        parameters=BY_NAME,
        responses={204: OpenApiResponse(description="It is done."), **problems(404, 409)},
    )
    def delete(self, request: HttpRequest, name: str) -> HttpResponse:
        if not registry.delete(_valid(name), actor=actor(request)):
            raise _missing(name)
        return no_content()


def _valid(name: str) -> str:
    try:
        return NAME.from_text(name)
    except WrongValue as wrong:
        raise Invalid({"name": str(wrong)}) from wrong


def _missing(name: str) -> Http404:
    return Http404(f"There is no interaction type {name!r}.")


def _told(kind: InteractionType) -> dict[str, Any]:
    return dict(TypeOut(kind).data)


def _created(kind: InteractionType) -> HttpResponse:
    return created(_told(kind), reverse("interaction-type", args=[kind.name]))
