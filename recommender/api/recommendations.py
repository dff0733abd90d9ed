"""Serve a user's list."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema

from catalog.validation import valid_id
from recommender.api.examples import USER_LIST
from recommender.api.requests import described, read_query
from recommender.api.serializers import RecommendationsOut
from recommender.serving import kept_answers
from recommender.serving.contract import FOR_USER, USER_ID, as_json
from recsite.platform.lean import LeanJsonView
from recsite.platform.schema import problems


class UserRecommendations(LeanJsonView):
    takes_limit_along = True

    @extend_schema(
        operation_id="recommend_for_user",
        tags=["Recommendations"],
        summary="Recommend items to a user",
        description=(
            "What the user has not seen yet, best first. Everybody gets an answer: an unknown user gets what is "
            "popular. Items that are seen, hidden or not available are never in it, nor are variants of seen items."
        ),
        parameters=described(FOR_USER, USER_ID),
        responses={200: RecommendationsOut, **problems()},
        examples=[OpenApiExample("A list", USER_LIST, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        asked = read_query(FOR_USER, request, user_id=valid_id("user_id", user_id))
        return as_json(kept_answers.recommend(asked))
