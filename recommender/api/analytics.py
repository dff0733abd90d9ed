"""Report what lists achieve and how quick they are: by placement, by algorithm, of a user, of an item, and in all."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.http import Http404, HttpRequest
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema

from catalog import snapshot
from catalog.models import EndUser, Item
from catalog.validation import valid_id
from recommender.api.analytics_shapes import (
    FIGURES,
    SHOWN,
    SPAN,
    AlgorithmsOut,
    ItemStatisticsOut,
    PlacementsOut,
    SystemOut,
    UserStatisticsOut,
)
from recommender.api.requests import described_path
from recommender.insight import performance
from recommender.insight.performance import ALGORITHM, DAY, HOUR, PLACEMENT, Figures, Span
from recommender.serving.contract import ITEM_ID, USER_ID
from recsite.platform import database
from recsite.platform.lean import LeanJsonView
from recsite.platform.moments import Moment
from recsite.platform.query import Query
from recsite.platform.schema import parameter, problems
from recsite.platform.values import Choice

USUAL, LONGEST = timedelta(days=7), {HOUR: timedelta(days=31), DAY: timedelta(days=366)}
FROM_TO = [
    parameter("from", Moment().schema(), "The first moment. Default: seven days before `to`."),
    parameter("to", Moment().schema(), "The first moment that is left out. Default: now."),
]
BY = parameter("by", {**Choice((HOUR, DAY)).schema(), "default": DAY}, "The steps of `rows`, in UTC.")


class Analytics(LeanJsonView):
    """Answer with the figures of a span: in all, and step by step."""

    group: ClassVar[str | None] = None

    def answer(self, request: HttpRequest) -> dict[str, Any]:
        query = Query(request.GET, ("from", "to", "by"))
        span = _span(query, query.choice("by", (HOUR, DAY), DAY))
        steps = database.ask(lambda: performance.series(span, self.group))
        items = database.ask(lambda: performance.different_items(span, self.group))
        count = snapshot.current().count
        rows = [{"at": at, **self._named(name), **figures.as_json()} for (at, name), figures in steps.items()]
        totals = [
            {
                **self._named(name),
                **figures.as_json(),
                "coverage": performance.rate(items.get(name, 0), count),
            }
            for name, figures in (performance.totals(steps) or ({} if self.group else {"": Figures()})).items()
        ]
        return {**_told(span), "by": span.by, "totals": totals if self.group else totals[0], "rows": rows}

    def _named(self, name: str) -> Mapping[str, str]:
        return {self.group: name} if self.group else {}


class PlacementAnalytics(Analytics):
    group = PLACEMENT

    @extend_schema(
        operation_id="read_placement_analytics",
        tags=["Analytics"],
        summary="Read the figures of placements",
        description="What the lists of each placement achieved, and how quick they were.",
        parameters=[*FROM_TO, BY],
        responses={200: PlacementsOut, **problems()},
        examples=[
            OpenApiExample(
                "One placement",
                {
                    **SPAN,
                    "totals": [{"placement": "home", **FIGURES, "coverage": 0.41}],
                    "rows": [{"at": SPAN["from"], "placement": "home", **FIGURES}],
                },
                status_codes=[200],
            )
        ],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return self.answer(request)


class AlgorithmAnalytics(Analytics):
    group = ALGORITHM

    @extend_schema(
        operation_id="read_algorithm_analytics",
        tags=["Analytics"],
        summary="Read the figures of algorithms",
        description="What the lists that each algorithm led achieved, and how quick they were.",
        parameters=[*FROM_TO, BY],
        responses={200: AlgorithmsOut, **problems()},
        examples=[
            OpenApiExample(
                "One algorithm",
                {
                    **SPAN,
                    "totals": [{"algorithm": "hybrid", **FIGURES, "coverage": 0.41}],
                    "rows": [{"at": SPAN["from"], "algorithm": "hybrid", **FIGURES}],
                },
                status_codes=[200],
            )
        ],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return self.answer(request)


class SystemAnalytics(Analytics):
    @extend_schema(
        operation_id="read_system_analytics",
        tags=["Analytics"],
        summary="Read the figures of all lists",
        description="What all lists achieved together, and how quick they were.",
        parameters=[*FROM_TO, BY],
        responses={200: SystemOut, **problems()},
        examples=[
            OpenApiExample(
                "A day",
                {**SPAN, "totals": {**FIGURES, "coverage": 0.41}, "rows": [{"at": SPAN["from"], **FIGURES}]},
                status_codes=[200],
            )
        ],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return self.answer(request)


class ItemStatistics(LeanJsonView):
    @extend_schema(
        operation_id="read_item_statistics",
        tags=["Analytics"],
        summary="Read the figures of an item",
        description="How often lists showed it, in whole days, as long as details are kept (`IMPRESSION_DETAIL_DAYS`).",
        parameters=[described_path(ITEM_ID), *FROM_TO],
        responses={200: ItemStatisticsOut, **problems(404)},
        examples=[
            OpenApiExample(
                "An item", {"item_id": "emma", "from": SPAN["from"], "to": SPAN["to"], **SHOWN}, status_codes=[200]
            )
        ],
    )
    def get(self, request: HttpRequest, item_id: str) -> dict[str, Any]:
        span = _span(Query(request.GET, ("from", "to")))
        item_id = valid_id("item_id", item_id)
        pk = database.ask(Item.objects.filter(item_id=item_id).values_list("pk", flat=True).first)
        if pk is None:
            raise Http404(f"There is no item {item_id!r}.")
        return {"item_id": item_id, **_told(span), **_shown(database.ask(lambda: performance.of_item(pk, span)))}


class UserStatistics(LeanJsonView):
    @extend_schema(
        operation_id="read_user_statistics",
        tags=["Analytics"],
        summary="Read the figures of a user",
        description="What lists they were shown, as long as lists are kept (`IMPRESSION_RETENTION_MONTHS`).",
        parameters=[described_path(USER_ID), *FROM_TO],
        responses={200: UserStatisticsOut, **problems(404)},
        examples=[
            OpenApiExample(
                "A user",
                {
                    "user_id": "ada",
                    "from": SPAN["from"],
                    "to": SPAN["to"],
                    "last_active": "2026-04-30T20:15:00+00:00",
                    "lists": 12,
                    **SHOWN,
                },
                status_codes=[200],
            )
        ],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        span = _span(Query(request.GET, ("from", "to")))
        user_id = valid_id("user_id", user_id)
        user = database.ask(EndUser.objects.filter(user_id=user_id).first)
        if user is None:
            raise Http404(f"There is no user {user_id!r}.")
        found = database.ask(lambda: performance.of_user(user_id, span))
        about = {"user_id": user_id, "last_active": user.last_active, "lists": found.lists}
        return {**about, **_told(span), **_shown(found)}


def _span(query: Query, by: str = DAY) -> Span:
    """Return what `from` and `to` ask for. Raises Invalid."""
    end = query.moment("to") or timezone.now().astimezone(UTC)
    start = query.moment("from") or max(end, datetime.min.replace(tzinfo=UTC) + USUAL) - USUAL
    if "from" not in query.errors and not start < end:
        query.errors["from"] = "It must be before `to`."
    elif end - start > LONGEST[by]:
        query.errors["from"] = f"At most {LONGEST[by].days} days can be told by {by}."
    query.check()
    return Span(start, end, by)


def _told(span: Span) -> dict[str, datetime]:
    return {"from": span.start, "to": span.end}


def _shown(figures: Figures) -> dict[str, Any]:
    told = figures.as_json()
    return {name: told[name] for name in SHOWN}
