"""Lists that are nobody's own: by popularity, by date, by these days, by an item."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound

from catalog.validation import valid_id
from recommender import serving
from recommender.api.recommendations import (
    COUNT,
    FILTER_PARAMETERS,
    FILTERS,
    FOR_ADA,
    page_of,
)
from recommender.api.serializers import BoughtOut, ListOut
from recommender.serving import Answer, ItemsRequest, UnknownAlgorithm, UnknownItem
from recommender.serving.candidates import LATEST, METHODS, MIN_SUPPORT, POPULAR, TRENDING
from recommender.serving.contract import item_as_json
from recsite.platform.lean import QuickView
from recsite.platform.query import Query
from recsite.platform.schema import parameter, problems

NOBODY = ""
LONGEST_WINDOW = 365
MOST_USERS = 100
NOBODYS = {
    name: value for name, value in FOR_ADA.items() if name not in ("user_id", "cold_start", "cache_hit", "items")
} | {"items": FOR_ADA["items"]}
PERSUASION = {
    "item_id": "persuasion",
    "title": "Persuasion",
    "rank": 1,
    "support": 14,
    "confidence": 0.28,
    "lift": 6.1,
    "basis": "purchases",
}
METHOD = {"type": "string", "enum": list(METHODS), "default": METHODS[0]}
WINDOW = {"type": "integer", "minimum": 1, "maximum": LONGEST_WINDOW, "default": 28}


class Shelf(QuickView):
    """What everybody gets, by one impersonal source."""

    source = POPULAR
    more: tuple[str, ...] = ()

    def answer(self, request: HttpRequest) -> dict[str, Any]:
        """The list, or what is new where the source isn't there."""
        query = Query(request.GET, ("limit", "offset", *FILTERS, *self.more))
        asked = serving.Request(
            NOBODY,
            algorithm=self.source,
            **page_of(query),
            window_days=query.integer("window_days", 0, 1, LONGEST_WINDOW),
        )
        query.check()
        try:
            return nobodys(serving.recommend(asked))
        except UnknownAlgorithm:
            # Nothing is popular before a model says so: what is new is better than nothing.
            return nobodys(serving.recommend(serving.Request(NOBODY, algorithm=LATEST, **page_of(query))))


class Popular(Shelf):
    source = POPULAR

    @extend_schema(
        operation_id="list_popular",
        tags=["Recommendations"],
        summary="List what is popular",
        description="What most people liked, the same for everybody.",
        parameters=FILTER_PARAMETERS,
        responses={200: ListOut, **problems(422)},
        examples=[OpenApiExample("A list", NOBODYS, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return self.answer(request)


class Latest(Shelf):
    source = LATEST

    @extend_schema(
        operation_id="list_latest",
        tags=["Recommendations"],
        summary="List what is new",
        description="By the date of publication, the newest first.",
        parameters=FILTER_PARAMETERS,
        responses={200: ListOut, **problems(422)},
        examples=[OpenApiExample("A list", NOBODYS, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return self.answer(request)


class TrendingNow(Shelf):
    source = TRENDING
    more = ("window_days",)

    @extend_schema(
        operation_id="list_trending",
        tags=["Recommendations"],
        summary="List what is trending",
        description=(
            "What people turned to in the last `window_days`; an act counts half as much after a quarter of it. "
            "It is read again every `TRENDING_CACHE_TTL_SECS`. Popular items follow."
        ),
        parameters=[*FILTER_PARAMETERS, parameter("window_days", WINDOW, "How far back it looks.")],
        responses={200: ListOut, **problems(422)},
        examples=[OpenApiExample("A list", NOBODYS, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return self.answer(request)


class Similar(QuickView):
    @extend_schema(
        operation_id="list_similar",
        tags=["Recommendations"],
        summary="List items like one",
        description="By the live release's leading model; popular items, of its categories first, fill the list up.",
        parameters=[*FILTER_PARAMETERS, parameter("method", METHOD, "By what people did, by what items are, or both.")],
        responses={200: ListOut, **problems(404, 422)},
        examples=[OpenApiExample("A list", NOBODYS, status_codes=[200])],
    )
    def get(self, request: HttpRequest, item_id: str) -> dict[str, Any]:
        query = Query(request.GET, ("limit", "offset", *FILTERS, "method"))
        asked = ItemsRequest([valid_id("item_id", item_id)], **page_of(query), method=query.choice("method", METHODS))
        query.check()
        try:
            return nobodys(serving.similar(asked))
        except UnknownItem as error:
            raise NotFound(str(error)) from error


class BoughtTogether(QuickView):
    @extend_schema(
        operation_id="list_bought_together",
        tags=["Recommendations"],
        summary="List what is bought together with an item",
        description=(
            "By lift: how many times more often the item's buyers bought this than buyers in general. A purchase is "
            "an event of the implicit type that weighs most. Items that people turn to in the same sessions "
            "follow; of those the figures then speak, and `basis` says so."
        ),
        parameters=[
            parameter("limit", COUNT, "Length of the list."),
            parameter(
                "min_support",
                {"type": "integer", "minimum": 1, "default": MIN_SUPPORT},
                "People who bought both, at least.",
            ),
        ],
        responses={200: BoughtOut, **problems(404, 422)},
        examples=[
            OpenApiExample(
                "Two",
                {
                    "item_id": "emma",
                    "recommendation_id": FOR_ADA["recommendation_id"],
                    "items": [PERSUASION],
                },
                status_codes=[200],
            )
        ],
    )
    def get(self, request: HttpRequest, item_id: str) -> dict[str, Any]:
        item_id = valid_id("item_id", item_id)
        query = Query(request.GET, ("limit", "min_support"))
        limit = query.integer("limit", settings.DEFAULT_RECOMMENDATION_COUNT, 1, settings.MAX_RECOMMENDATION_COUNT)
        support = query.integer("min_support", MIN_SUPPORT, 1, 1_000_000)
        query.check()
        try:
            found = serving.bought_together(item_id, limit, support)
        except UnknownItem as error:
            raise NotFound(str(error)) from error
        return {
            "item_id": item_id,
            "recommendation_id": str(found.recommendation_id),
            "items": [asdict(one) for one in found.items],
        }


def nobodys(answer: Answer) -> dict[str, Any]:
    return {
        "recommendation_id": str(answer.recommendation_id),
        "items": [item_as_json(place) for place in answer.items],
        "algorithm": answer.algorithm,
        "model_version": answer.model_version,
        "release": answer.release,
        "placement": answer.placement,
        "total_available": answer.total_available,
        "generated_at": answer.generated_at.isoformat(),
    }
