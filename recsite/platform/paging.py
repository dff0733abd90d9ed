"""Pages by the key of the last row: as quick at the end of a table as at its start, and no row is counted."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers

from recsite.platform import database
from recsite.platform.query import Query, cursor_after

M = TypeVar("M", bound=Model)
DEFAULT_SIZE, LARGEST_SIZE = 50, 200
PARAMETERS = ("limit", "cursor")


class Page(serializers.Serializer):
    """The part that all pages have: the cursor of the next one."""

    next_cursor = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page; null at the end.")


def page(rows: QuerySet[M], query: Query, newest_first: bool = False) -> tuple[list[M], str | None]:
    """Return the page that `limit` and `cursor` ask for, in the order of the primary key, and the next one's cursor."""
    limit, key = query.integer("limit", DEFAULT_SIZE, 1, LARGEST_SIZE), query.cursor("cursor")
    query.check()
    after: dict[str, Any] = {"pk__lt" if newest_first else "pk__gt": key} if key else {}
    order = "-pk" if newest_first else "pk"
    found = database.ask(lambda: list(rows.filter(**after).order_by(order)[: limit + 1]))
    return found[:limit], cursor_after(found[limit - 1].pk) if len(found) > limit else None
