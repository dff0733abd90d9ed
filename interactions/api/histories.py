from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

from catalog.lookups import ITEM_ID, USER_ID, find_item, find_user
from interactions import histories, types
from interactions.api.serializers import HistoryOut
from interactions.histories import DamagedCursor, Page, Place, Wanted, event_out
from recsite.platform import database
from recsite.platform.lean import LeanJsonView
from recsite.platform.moments import Moment
from recsite.platform.paging import DEFAULT_SIZE, LARGEST_SIZE
from recsite.platform.paging import PARAMETERS as PAGE
from recsite.platform.query import Query
from recsite.platform.schema import PAGING, parameter, problems
from recsite.platform.values import Text

PARAMETERS = ("type", "since", "until", *PAGE)
EVENT = {
    "event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11",
    "user_id": "ada",
    "item_id": "emma",
    "type": "rating",
    "value": 5.0,
    "occurred_at": "2026-05-01T12:00:00+00:00",
    "undated": False,
    "context": {"source": "web", "position": 3},
    "left_out_as": None,
    "review": {"title": "Sparkling", "text": "I laughed on every page."},
}
FILTERS: list[OpenApiParameter] = [
    parameter("type", Text().schema(), "Only events of this interaction type."),
    parameter("since", Moment().schema(), "Only what happened then or later. Times are read as those of events are."),
    parameter("until", Moment().schema(), "Only what happened before then."),
    *PAGING,
]


class UserHistory(LeanJsonView):
    @extend_schema(
        operation_id="list_user_interactions",
        tags=["Histories and export"],
        summary="List what a user did",
        description="The user's events, the newest first, a page at a time; those without an item are among them.",
        parameters=[USER_ID, *FILTERS],
        responses={200: HistoryOut, **problems(404)},
        examples=[OpenApiExample("A page", {"items": [EVENT], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest, user_id: str) -> dict[str, Any]:
        wanted = _wanted(Query(request.GET, PARAMETERS))
        user = find_user(user_id)
        page = database.ask(lambda: histories.of_user(user, wanted))
        return _answer(page, [event_out(row, page.review_of(row), user_id=user.user_id) for row in page.rows])


class ItemHistory(LeanJsonView):
    @extend_schema(
        operation_id="list_item_interactions",
        tags=["Histories and export"],
        summary="List what happened to an item",
        description="The item's events by all users, the newest first, a page at a time.",
        parameters=[ITEM_ID, *FILTERS],
        responses={200: HistoryOut, **problems(404)},
        examples=[OpenApiExample("A page", {"items": [EVENT], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest, item_id: str) -> dict[str, Any]:
        wanted = _wanted(Query(request.GET, PARAMETERS))
        item = find_item(item_id)
        page = database.ask(lambda: histories.of_item(item, wanted))
        return _answer(page, [event_out(row, page.review_of(row), item_id=item.item_id) for row in page.rows])


def _answer(page: Page, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"items": rows, "next_cursor": page.next.cursor() if page.next else None}


def _wanted(query: Query) -> Wanted:
    """Return what the parameters ask for. Raises Invalid."""
    limit = query.integer("limit", DEFAULT_SIZE, 1, LARGEST_SIZE)
    since, until = query.moment("since"), query.moment("until")
    name, cursor, after = query.text("type"), query.text("cursor"), None
    kind = types.by_name().get(name)
    if name and kind is None:
        query.errors["type"] = f"Unknown interaction type. Known: {', '.join(sorted(types.by_name()))}."
    try:
        after = Place.parse(cursor) if cursor else None
    except DamagedCursor:
        query.errors["cursor"] = "Use the next_cursor of the page before, as it came."
    query.check()
    return Wanted(kind, since, until, after, limit)
