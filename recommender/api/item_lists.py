"""Serve lists that start from one item: similar ones, and those bought together with it."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound

from catalog.validation import valid_id
from recommender import serving
from recommender.api.conditional_lists import known_digests, public_response
from recommender.api.examples import BOUGHT_LIST, SIMILAR_LIST
from recommender.api.requests import described, read_query
from recommender.api.serializers import BoughtOut, ListOut
from recommender.serving import UnknownItem
from recommender.serving.contract import (
    ITEM_ID,
    ITEMS_BOUGHT_TOGETHER,
    SIMILAR_ITEMS,
    as_public_json,
    bought_as_json,
)
from recsite.platform.lean import LeanJsonView
from recsite.platform.schema import problems


class SimilarItems(LeanJsonView):
    @extend_schema(
        operation_id="list_similar",
        tags=["Recommendations"],
        summary="List similar items",
        description="By the live release's leading model; popular items, of the item's categories first, follow.",
        parameters=described(SIMILAR_ITEMS, ITEM_ID),
        responses={200: ListOut, **problems(404)},
        examples=[OpenApiExample("A list", SIMILAR_LIST, status_codes=[200])],
    )
    def get(self, request: HttpRequest, item_id: str) -> HttpResponse:
        items, known = (valid_id("item_id", item_id),), known_digests(request)
        asked = read_query(SIMILAR_ITEMS, request, items=items, known=known)
        try:
            return public_response(request, as_public_json(serving.similar(asked)))
        except UnknownItem as error:
            raise NotFound(error.sentence) from error


class BoughtTogether(LeanJsonView):
    @extend_schema(
        operation_id="list_bought_together",
        tags=["Recommendations"],
        summary="List items bought together with one",
        description=(
            "By lift: how many times more often the item's buyers bought this one than buyers in general. A purchase "
            "is an event of the implicit type that weighs most. Items of the same sessions follow; their figures "
            "speak of sessions, and `basis` says so."
        ),
        parameters=described(ITEMS_BOUGHT_TOGETHER, ITEM_ID),
        responses={200: BoughtOut, **problems(404)},
        examples=[OpenApiExample("A list", BOUGHT_LIST, status_codes=[200])],
    )
    def get(self, request: HttpRequest, item_id: str) -> HttpResponse:
        items, known = (valid_id("item_id", item_id),), known_digests(request)
        asked = read_query(ITEMS_BOUGHT_TOGETHER, request, items=items, known=known)
        try:
            return public_response(request, bought_as_json(serving.bought_together(asked)))
        except UnknownItem as error:
            raise NotFound(error.sentence) from error
