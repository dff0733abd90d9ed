from typing import Any

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema

from catalog.validation import valid_id
from recommender import serving
from recommender.api.serializers import RecommendationsOut
from recommender.serving import UnknownAlgorithm
from recommender.serving.candidates import NoContent
from recommender.serving.contract import as_json
from recommender.serving.placements import UnknownPlacement
from recsite.platform.exceptions import Invalid
from recsite.platform.lean import QuickView
from recsite.platform.query import Query
from recsite.platform.schema import parameter, problems

MOST_VALUES = 100
LARGEST_OFFSET = 10_000
FILTERS = ("categories", "tags", "item_type", "exclude")
SHAPE = ("min_score", "max_per_category", "diversity", "collaborative_weight", "content_weight")
PARAMETERS = frozenset(("limit", "offset", "algorithm", "placement", *FILTERS, *SHAPE, "explain"))
STRINGS = {"type": "array", "items": {"type": "string"}, "maxItems": MOST_VALUES}
COUNT = {
    "type": "integer",
    "minimum": 1,
    "maximum": settings.MAX_RECOMMENDATION_COUNT,
    "default": settings.DEFAULT_RECOMMENDATION_COUNT,
}
CAP = {"type": "integer", "minimum": 1, "maximum": MOST_VALUES}
SHARE = {"type": "number", "minimum": 0, "maximum": 1, "default": 0}
WEIGHT = {"type": "number", "minimum": 0, "maximum": 1}
OFFSET = {"type": "integer", "minimum": 0, "maximum": LARGEST_OFFSET, "default": 0}
FILTER_PARAMETERS = [
    parameter("limit", COUNT, "Length of the list."),
    parameter("offset", OFFSET, "Places to skip, for the next page of the same list."),
    parameter("categories", STRINGS, "Only items of any of these. Repeat it for each category."),
    parameter("tags", STRINGS, "Only items with any of these. Repeat it for each tag."),
    parameter("item_type", str, "Only items of this type."),
    parameter("exclude", STRINGS, "Items to leave out, by item_id. Repeat it for each item."),
]
FOR_ADA = {
    "user_id": "ada",
    "recommendation_id": "01a20744-cc17-7522-810d-23d7e9938751",
    "items": [
        {
            "item_id": "emma",
            "title": "Emma",
            "rank": 1,
            "score": 2.8312,
            "predicted_rating": 4.61,
            "uncertainty": 0.7204,
            "confidence_interval": [3.198, 5.0],
            "source": "hybrid",
            "reason": "Because you liked “Pride and Prejudice”.",
            "because": [{"item_id": "pride-and-prejudice", "title": "Pride and Prejudice", "share": 0.6112}],
            "sources": {"ease": 1.5208, "item_knn": 0.8715, "als": 0.2281, "popular": 0.2108},
        }
    ],
    "algorithm": "hybrid",
    "model_version": 83,
    "release": 42,
    "placement": "default",
    "cold_start": False,
    "cache_hit": True,
    "total_available": 868,
    "generated_at": "2026-05-01T12:00:00+00:00",
}


class UserRecommendations(QuickView):
    @extend_schema(
        operation_id="recommend_for_user",
        tags=["Recommendations"],
        summary="Recommend items to a user",
        description=(
            "What this person has not seen yet, best first. Everybody gets an answer: of a user whom nobody knows, "
            "what is popular. Items that are seen, hidden or not available are never in it."
        ),
        parameters=[
            *FILTER_PARAMETERS,
            parameter("algorithm", str, "A member of the live release, `latest` or `trending`. Default: its leader."),
            parameter("placement", str, "Where the list is to be shown: one that staff have made. Default: `default`."),
            parameter("min_score", float, "Only items with at least this score, on the scale of the leading source."),
            parameter("max_per_category", CAP, "At most this many items of any one category, over all pages."),
            parameter("diversity", SHARE, "How much unlikeness counts beside the rank: 0 not at all, 1 alone."),
            parameter("collaborative_weight", WEIGHT, "What people's acts weigh in the hybrid; with the next, 1."),
            parameter("content_weight", WEIGHT, "What the items themselves weigh. Default: as learned."),
            parameter("explain", bool, "Say of each item why it is there: `reason`, `because` and `sources`."),
        ],
        responses={200: RecommendationsOut, **problems(422)},
        examples=[OpenApiExample("A list", FOR_ADA, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        asked = _asked(request, user_id)
        try:
            return as_json(serving.recommend(asked))
        except UnknownAlgorithm as error:
            raise Invalid({"algorithm": str(error)}) from error
        except UnknownPlacement as error:
            raise Invalid({"placement": str(error)}) from error
        except NoContent as error:
            raise Invalid({"content_weight": str(error)}) from error


def _content_weight(query: Query) -> float | None:
    """From either weight, or both: then they must sum to 1."""
    collaborative, content = query.number("collaborative_weight", 0, 1), query.number("content_weight", 0, 1)
    if collaborative is None or content is None:
        return content if collaborative is None else round(1 - collaborative, 6)
    if abs(collaborative + content - 1) > 1e-6:
        query.errors["content_weight"] = "It and collaborative_weight must sum to 1."
    return content


def _asked(request: HttpRequest, user_id: str) -> serving.Request:
    user_id = valid_id("user_id", user_id)
    if not request.META.get("QUERY_STRING"):
        return serving.Request(user_id, limit=settings.DEFAULT_RECOMMENDATION_COUNT)
    query = Query(request.GET, PARAMETERS)
    asked = serving.Request(
        user_id,
        **page_of(query),
        algorithm=query.text("algorithm"),
        placement=query.text("placement"),
        min_score=query.number("min_score"),
        max_per_category=query.integer("max_per_category", 0, 1, MOST_VALUES),
        diversity=query.number("diversity", 0, 1) or 0.0,
        content_weight=_content_weight(query),
        explain=query.boolean("explain") or False,
    )
    query.check()
    return asked


def page_of(query: Query) -> dict[str, Any]:
    """The part of a query that every list has: which page, and which items."""
    return {
        "limit": query.integer("limit", settings.DEFAULT_RECOMMENDATION_COUNT, 1, settings.MAX_RECOMMENDATION_COUNT),
        "offset": query.integer("offset", 0, 0, LARGEST_OFFSET),
        "categories": query.texts("categories", MOST_VALUES),
        "tags": query.texts("tags", MOST_VALUES),
        "item_type": query.text("item_type"),
        "exclude": query.texts("exclude", MOST_VALUES),
    }
