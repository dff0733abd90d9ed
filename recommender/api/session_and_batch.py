"""Serve lists that are asked for with a body: for an anonymous session, and for many users at once."""

from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, extend_schema

from recommender import serving
from recommender.api.examples import SESSION_LIST, USER_LIST
from recommender.api.requests import body_of, read_body
from recommender.api.serializers import BatchOut, ListOut
from recommender.serving.contract import FOR_SESSION, FOR_USERS, MOST_USERS, as_json, as_public_json
from recsite.platform.json_view import JsonBodyView
from recsite.platform.schema import problems

# Of the demo's catalogue, so that a reader may try it there.
SESSION: dict[str, Any] = {"items": ["emma-jane-austen", "persuasion-jane-austen"], "limit": 5}


class SessionRecommendations(JsonBodyView):
    @extend_schema(
        operation_id="recommend_for_session",
        tags=["Recommendations"],
        summary="Recommend items for an anonymous session",
        description="By the items viewed, weighted by recency: the last one counts most. Nothing is stored.",
        request=body_of(FOR_SESSION),
        responses={200: ListOut, **problems(413, 415)},
        examples=[
            OpenApiExample("A session", SESSION, request_only=True),
            OpenApiExample("A list", SESSION_LIST, response_only=True, status_codes=[200]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> dict[str, Any]:
        asked = serving.Request(**read_body(FOR_SESSION, request, body))
        return as_public_json(serving.session(asked))


class BatchRecommendations(JsonBodyView):
    takes_limit_along = True

    @extend_schema(
        operation_id="recommend_for_many",
        tags=["Recommendations"],
        summary="Recommend items to many users",
        description=f"One list for each of up to {MOST_USERS} users, in their order, each as if asked for alone.",
        request=body_of(FOR_USERS),
        responses={200: BatchOut, **problems(413, 415)},
        examples=[
            OpenApiExample("Two users", {"user_ids": ["ada", "ben"], "limit": 5}, request_only=True),
            OpenApiExample("Their lists", {"results": [USER_LIST]}, response_only=True, status_codes=[200]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> dict[str, Any]:
        values = read_body(FOR_USERS, request, body)
        user_ids = values.pop("user_ids")
        answers = serving.recommend_many(serving.Request(**values), user_ids)
        return {"results": [as_json(answer) for answer in answers]}
