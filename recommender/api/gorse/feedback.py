"""Feedback: what users did, one piece for each type, user and item."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from catalog.importers import gorse_shapes
from catalog.importers.gorse_types import type_name
from catalog.importers.rows import BadField
from catalog.importers.times import latest_event
from interactions import keyed
from interactions.histories import DamagedCursor, Place
from interactions.keyed import Feedback
from recommender.api.gorse.door import (
    LARGEST_PAGE,
    GorseView,
    asked_n,
    cursor_of,
    done,
    path_id,
    several,
    told_as_invalid,
)
from recsite.platform import database
from recsite.platform.authentication import actor
from recsite.platform.exceptions import Invalid

LARGEST_VALUE = 1e9
LONGEST_COMMENT = 10_000


class AllFeedback(GorseView):
    def get(self, request: HttpRequest) -> dict[str, Any]:
        return _page(request, "")

    def post(self, request: HttpRequest, body: Any) -> dict[str, int]:
        return done(keyed.save(read_feedback(body), replaces=False, actor=actor(request)))

    def put(self, request: HttpRequest, body: Any) -> dict[str, int]:
        return done(keyed.save(read_feedback(body), replaces=True, actor=actor(request)))


class TypedFeedback(GorseView):
    def get(self, request: HttpRequest, kind: str) -> dict[str, Any]:
        return _page(request, kind)


class PairFeedback(GorseView):
    def get(self, request: HttpRequest, user_id: str, item_id: str) -> list[dict[str, Any]]:
        pair = path_id("UserId", user_id), path_id("ItemId", item_id)
        return list(map(feedback_out, database.ask(lambda: keyed.of_pair(*pair))))

    def delete(self, request: HttpRequest, user_id: str, item_id: str) -> dict[str, int]:
        pair = path_id("UserId", user_id), path_id("ItemId", item_id)
        return done(keyed.retract(*pair, actor=actor(request)))


class OneFeedback(GorseView):
    """One piece; an empty object where there is none."""

    def get(self, request: HttpRequest, kind: str, user_id: str, item_id: str) -> dict[str, Any]:
        pair = path_id("UserId", user_id), path_id("ItemId", item_id)
        found = database.ask(lambda: keyed.of_pair(*pair, kind))
        return feedback_out(found[0]) if found else {}

    def delete(self, request: HttpRequest, kind: str, user_id: str, item_id: str) -> dict[str, int]:
        pair = path_id("UserId", user_id), path_id("ItemId", item_id)
        return done(keyed.retract(*pair, kind, actor=actor(request)))


class UserFeedback(GorseView):
    def get(self, request: HttpRequest, user_id: str, kind: str = "") -> list[dict[str, Any]]:
        user_id = path_id("UserId", user_id)
        return list(map(feedback_out, database.ask(lambda: keyed.of_user(user_id, kind))))


class ItemFeedback(GorseView):
    def get(self, request: HttpRequest, item_id: str, kind: str = "") -> list[dict[str, Any]]:
        item_id = path_id("ItemId", item_id)
        return list(map(feedback_out, database.ask(lambda: keyed.of_item(item_id, kind))))


def read_feedback(body: Any) -> list[Feedback]:
    """Return a body's pieces of feedback. Raises Invalid, with the number of the row that is wrong."""
    latest, found = latest_event(timezone.now()), []
    for number, record in enumerate(several(body), 1):
        try:
            found.append(_read(record, latest))
        except BadField as error:
            raise told_as_invalid(error, number) from error
    return found


def feedback_out(one: Feedback) -> dict[str, Any]:
    return {
        "FeedbackType": one.type,
        "UserId": one.user_id,
        "ItemId": one.item_id,
        "Value": one.value,
        "Timestamp": gorse_shapes.written(one.at),
        "Updated": gorse_shapes.written(one.updated),
        "Comment": one.comment,
        "Labels": one.labels,
    }


def _read(record: Any, latest: float) -> Feedback:
    value = record.get("Value")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise BadField("Value is not a number")
    if abs(value or 0) > LARGEST_VALUE:
        raise BadField(f"Value does not lie between -{LARGEST_VALUE:,.0f} and {LARGEST_VALUE:,.0f}")
    comment, labels = gorse_shapes.text_of(record, "Comment"), record.get("Labels")
    if len(comment) > LONGEST_COMMENT:
        raise BadField(f"Comment is longer than {LONGEST_COMMENT:,} characters")
    gorse_shapes.labels_within(labels)
    return Feedback(
        type_name(gorse_shapes.text_of(record, "FeedbackType")),
        gorse_shapes.without_slash(gorse_shapes.id_of(record, "UserId")),
        gorse_shapes.without_slash(gorse_shapes.id_of(record, "ItemId")),
        float(value or 0),
        _moment(record.get("Timestamp"), latest),
        comment,
        labels,
    )


def _moment(given: Any, latest: float) -> datetime | None:
    when = gorse_shapes.moment(given)
    if when is not None and not 0 <= when.timestamp() <= latest:
        raise BadField(f"Timestamp {str(given)[:50]} lies before 1970 or in the future")
    return when


def _page(request: HttpRequest, kind: str) -> dict[str, Any]:
    n, cursor = asked_n(request, LARGEST_PAGE), cursor_of(request)
    try:
        after = Place.parse(cursor) if cursor else None
    except DamagedCursor as error:
        raise Invalid({"cursor": "Use the Cursor of the page before, as it came."}) from error
    found, place = database.ask(lambda: keyed.page(kind, after, n)) if n else ([], None)
    return {"Cursor": place.cursor() if place else "", "Feedback": list(map(feedback_out, found))}
