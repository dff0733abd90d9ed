"""Lists that are asked for with a body: for one visit, and for many people at once."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from recommender import serving
from recommender.api.recommendations import FOR_ADA, LARGEST_OFFSET, MOST_VALUES
from recommender.api.serializers import BatchOut, ListOut
from recommender.api.shelves import NOBODYS, nobodys
from recommender.serving import ItemsRequest, UnknownAlgorithm, UnknownItem
from recommender.serving.contract import as_json
from recommender.serving.placements import UnknownPlacement
from recsite.platform.exceptions import Invalid
from recsite.platform.schema import problems
from recsite.platform.validation import given

MOST_USERS = 100


def _names(most: int = MOST_VALUES, **more: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=255), max_length=most, **more)


class _Page(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=settings.MAX_RECOMMENDATION_COUNT, required=False)
    categories = _names(required=False)
    tags = _names(required=False)
    item_type = serializers.CharField(max_length=255, required=False)
    exclude = _names(required=False)
    max_per_category = serializers.IntegerField(min_value=1, max_value=MOST_VALUES, required=False)
    explain = serializers.BooleanField(required=False)


class SessionIn(_Page):
    items = _names(min_length=1, help_text="What was looked at, in that order.")
    offset = serializers.IntegerField(min_value=0, max_value=LARGEST_OFFSET, required=False)


class BatchIn(_Page):
    user_ids = _names(MOST_USERS, min_length=1)
    algorithm = serializers.CharField(max_length=50, required=False)
    placement = serializers.CharField(max_length=50, required=False)
    diversity = serializers.FloatField(min_value=0, max_value=1, required=False)


class SessionRecommendations(APIView):
    @extend_schema(
        operation_id="recommend_for_session",
        tags=["Recommendations"],
        summary="Recommend items for a visit",
        description="For somebody nobody knows, by what was looked at: the last item counts most. Nothing is stored.",
        request=SessionIn,
        responses={200: ListOut, **problems(400, 413, 415, 422)},
        examples=[
            OpenApiExample("A visit", {"items": ["emma", "persuasion"], "limit": 5}, request_only=True),
            OpenApiExample("A list", NOBODYS, status_codes=[200]),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = given(SessionIn, request.data)
        try:
            return Response(nobodys(serving.session(ItemsRequest(**_sized(asked)))))
        except UnknownItem as error:
            raise Invalid({"items": str(error)}) from error


class BatchRecommendations(APIView):
    @extend_schema(
        operation_id="recommend_for_many",
        tags=["Recommendations"],
        summary="Recommend items to many users",
        description=f"One list for each of up to {MOST_USERS} users, in their order, each as if asked for alone.",
        request=BatchIn,
        responses={200: BatchOut, **problems(400, 413, 415, 422)},
        examples=[
            OpenApiExample("Two people", {"user_ids": ["ada", "ben"], "limit": 5}, request_only=True),
            OpenApiExample("Their lists", {"results": [FOR_ADA]}, status_codes=[200]),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = _sized(given(BatchIn, request.data))
        users = asked.pop("user_ids")
        try:
            answers = [serving.recommend(serving.Request(user_id, **asked)) for user_id in users]
        except UnknownAlgorithm as error:
            raise Invalid({"algorithm": str(error)}) from error
        except UnknownPlacement as error:
            raise Invalid({"placement": str(error)}) from error
        return Response({"results": [as_json(answer) for answer in answers]})


def _sized(given: dict[str, Any]) -> dict[str, Any]:
    return {"limit": settings.DEFAULT_RECOMMENDATION_COUNT, **given}
