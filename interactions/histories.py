"""Read what happened to one user or one item, newest first, a page at a time, whatever the size of the tables.

A page begins behind the last row of the one before, so that the last page costs what the first does, and the range of
times lets PostgreSQL leave out the months that can't hold a row of it.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from django.db.models import Q, QuerySet

from catalog.models import EndUser, Item
from interactions import types
from interactions.marks import MARK_NAMES
from interactions.models import Interaction, InteractionType, PersonEvent, Review

Row = Interaction | PersonEvent
WITHOUT_ITEM = 1
"""Marks the keys of events without an item: their table counts its rows by itself."""

LARGEST_KEY = 2**64
AT_ONCE = 500
"""Rows that are held in memory where all of a history is read."""


class DamagedCursor(ValueError):
    """Refuse a text that is no cursor of a history."""


class Place(NamedTuple):
    """Hold a row's place in a history of both tables: its time, and twice its number with the mark of its table."""

    occurred_at: datetime
    key: int

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(row.occurred_at, 2 * row.pk + (WITHOUT_ITEM if isinstance(row, PersonEvent) else 0))

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Return the place that `cursor` wrote down. Raises DamagedCursor."""
        try:
            when, _, key = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition(",")
            place = cls(datetime.fromisoformat(when), int(key))
        except (ValueError, binascii.Error) as error:
            raise DamagedCursor from error
        if place.occurred_at.tzinfo is None or not 0 <= place.key < LARGEST_KEY:
            raise DamagedCursor
        return place

    def cursor(self) -> str:
        """Return the place as an opaque text, so that clients don't count on what is in it."""
        written = f"{self.occurred_at.astimezone(UTC).isoformat()},{self.key}"
        return base64.urlsafe_b64encode(written.encode()).decode()

    def older(self, mark: int) -> Q:
        """Select the rows behind it in the table with this mark."""
        before = (self.key - mark + 1) // 2
        return Q(Q(occurred_at__lt=self.occurred_at) | Q(pk__lt=before), occurred_at__lte=self.occurred_at)


@dataclass(frozen=True)
class Wanted:
    """Say which part of a history is asked for."""

    type: InteractionType | None = None
    since: datetime | None = None
    """Events from then on."""
    until: datetime | None = None
    """Events before then."""
    after: Place | None = None
    limit: int = 50

    def of(self, rows: QuerySet[Any], mark: int) -> list[Any]:
        """Return the first rows of one table, one more than a page holds."""
        if self.type is not None:
            rows = rows.filter(type=self.type)
        if self.since is not None:
            rows = rows.filter(occurred_at__gte=self.since)
        if self.until is not None:
            rows = rows.filter(occurred_at__lt=self.until)
        if self.after is not None:
            rows = rows.filter(self.after.older(mark))
        return list(rows.order_by("-occurred_at", "-pk")[: self.limit + 1])


class Page(NamedTuple):
    """Hold one page of a history, and where the next one begins."""

    rows: Sequence[Row]
    reviews: dict[tuple[Any, datetime], Review]
    next: Place | None

    def review_of(self, row: Row) -> Review | None:
        return self.reviews.get((row.event_id, row.occurred_at))


def of_user(user: EndUser, wanted: Wanted) -> Page:
    """Return a page of what a user did, events without an item included."""
    rows: list[Row] = []
    if wanted.type is None or wanted.type.needs_item:
        rows += wanted.of(Interaction.objects.filter(user=user).select_related("item"), 0)
    if wanted.type is None or not wanted.type.needs_item:
        rows += wanted.of(PersonEvent.objects.filter(user=user), WITHOUT_ITEM)
    rows.sort(key=Place.of, reverse=True)
    return _page(rows, wanted.limit)


def of_item(item: Item, wanted: Wanted) -> Page:
    """Return a page of what happened to an item."""
    return _page(wanted.of(Interaction.objects.filter(item=item).select_related("user"), 0), wanted.limit)


def everything_of(user: EndUser) -> Iterator[tuple[Row, Review | None]]:
    """Yield all that a user did, newest first, in constant memory."""
    after: Place | None = None
    while True:
        page = of_user(user, Wanted(after=after, limit=AT_ONCE))
        yield from ((row, page.review_of(row)) for row in page.rows)
        if (after := page.next) is None:
            return


def event_out(row: Row, review: Review | None, user_id: str = "", item_id: str = "") -> dict[str, Any]:
    """Return an event as answers have it; `user_id` or `item_id` are given where all rows share them."""
    told: dict[str, Any] = {
        "event_id": row.event_id,
        "user_id": user_id or row.user.user_id,
        "item_id": None if isinstance(row, PersonEvent) else item_id or row.item.item_id,
        "type": _type_names()[row.type_id],
        "value": None if isinstance(row, PersonEvent) else row.value,
        "occurred_at": row.occurred_at,
        "undated": False if isinstance(row, PersonEvent) else row.undated,
        "context": row.context or {},
        "left_out_as": None if isinstance(row, PersonEvent) else MARK_NAMES.get(row.mark),
    }
    if review is not None:
        told["review"] = {"title": review.title, "text": review.text} if review.title else {"text": review.text}
    return told


def _type_names() -> Mapping[int, str]:
    return {kind.pk: name for name, kind in types.by_name().items()}


def _page(found: Sequence[Row], limit: int) -> Page:
    rows = found[:limit]
    return Page(rows, _reviews(rows), Place.of(rows[-1]) if len(found) > limit else None)


def _reviews(rows: Sequence[Row]) -> dict[tuple[Any, datetime], Review]:
    """Return the reviews beside these events; only ratings have any."""
    rated = [row.event_id for row in rows if isinstance(row, Interaction) and row.value is not None]
    found = Review.objects.filter(event_id__in=rated).order_by() if rated else ()
    return {(review.event_id, review.occurred_at): review for review in found}
