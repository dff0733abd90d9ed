"""Serve lists that are the same for everybody: popular, latest and trending items."""

from dataclasses import replace
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema

from recommender.api.conditional_lists import known_digests, public_response
from recommender.api.examples import PUBLIC_LIST
from recommender.api.requests import described, read_query
from recommender.api.serializers import ListOut
from recommender.serving import UnknownAlgorithm, kept_answers
from recommender.serving.contract import LATEST_ITEMS, POPULAR_ITEMS, TRENDING_ITEMS, Operation, as_public_json
from recsite.platform.lean import LeanJsonView
from recsite.platform.schema import problems

NO_USER = ""
EXAMPLES = [OpenApiExample("A list", PUBLIC_LIST, status_codes=[200])]


class PublicList(LeanJsonView):
    """Serve a list by one impersonal source; the operation has the source's name."""

    operation: ClassVar[Operation]

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Return the list, or what is new where the live release doesn't have the source."""
        kind = self.operation.list
        starts = {"user_id": NO_USER, "kind": kind, "algorithm": kind, "known": known_digests(request)}
        asked = read_query(self.operation, request, **starts)
        try:
            answer = kept_answers.recommend(asked)
        except UnknownAlgorithm:
            # Nothing is popular before a model says so: what is new is better than nothing.
            answer = kept_answers.recommend(replace(asked, algorithm=LATEST_ITEMS.list, window_days=0))
        return public_response(request, as_public_json(answer))


class PopularItems(PublicList):
    operation = POPULAR_ITEMS

    @extend_schema(
        operation_id="list_popular",
        tags=["Recommendations"],
        summary="List popular items",
        description="What most users liked, the same for everybody; with `window_days`, what they liked lately.",
        parameters=described(POPULAR_ITEMS),
        responses={200: ListOut, **problems()},
        examples=EXAMPLES,
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)


class LatestItems(PublicList):
    operation = LATEST_ITEMS

    @extend_schema(
        operation_id="list_latest",
        tags=["Recommendations"],
        summary="List new items",
        description="By the date of publication, the newest first. Items whose date lies ahead or is missing follow; "
        "with `window_days` there are none but those of the window.",
        parameters=described(LATEST_ITEMS),
        responses={200: ListOut, **problems()},
        examples=EXAMPLES,
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)


class TrendingItems(PublicList):
    operation = TRENDING_ITEMS

    @extend_schema(
        operation_id="list_trending",
        tags=["Recommendations"],
        summary="List trending items",
        description=(
            "By the events of the last `window_days`; an event counts half as much after a quarter of them. It is "
            "computed again every `TRENDING_CACHE_TTL_SECS`. Popular items follow."
        ),
        parameters=described(TRENDING_ITEMS),
        responses={200: ListOut, **problems()},
        examples=EXAMPLES,
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(request)
