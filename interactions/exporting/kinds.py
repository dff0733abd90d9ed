"""Read the rows of each kind by their keys, a page at a time."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from interactions.marks import MARK_NAMES
from recsite.platform.replica import routing

Row = Sequence[Any]
PAGE = 5_000
"""Rows that are read at once, and all that is held in memory."""

USERS = """
SELECT id, user_id, created_at, last_active, opted_out_at, preferences::text, demographics::text,
    to_json(ARRAY(SELECT user_id FROM catalog_mergeduser WHERE into_id = one.id ORDER BY id))::text
FROM catalog_enduser AS one
WHERE id > %(after)s
    AND (%(since)s::timestamptz IS NULL OR greatest(created_at, last_active, opted_out_at) >= %(since)s)
ORDER BY id LIMIT %(most)s
"""
ITEMS = """
SELECT id, item_id, title, description, to_json(categories)::text, to_json(tags)::text, features::text, item_type,
    "group", is_available, available_from, available_until, published_at, created_at, updated_at
FROM catalog_item
WHERE id > %(after)s AND (%(since)s::timestamptz IS NULL OR updated_at >= %(since)s)
ORDER BY id LIMIT %(most)s
"""
# An event whose user or item is being deleted has no id here and is passed by: a shorter page would look like the last.
EVENTS = f"""
SELECT one.id, CASE WHEN enduser.id IS NULL OR item.id IS NULL THEN NULL ELSE one.event_id END,
    enduser.user_id, item.item_id, kind.name, one.value, one.occurred_at, one.undated, one.context::text,
    review.title, review.text, '{json.dumps(MARK_NAMES)}'::jsonb ->> one.mark::text
FROM (
    SELECT * FROM interactions_interaction
    WHERE id > %(after)s AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
    ORDER BY id LIMIT %(most)s
) AS one
LEFT JOIN catalog_enduser AS enduser ON enduser.id = one.user_id
LEFT JOIN catalog_item AS item ON item.id = one.item_id
JOIN interactions_interactiontype AS kind ON kind.id = one.type_id
LEFT JOIN interactions_review AS review ON review.event_id = one.event_id AND review.occurred_at = one.occurred_at
ORDER BY one.id
"""
EVENTS_WITHOUT_ITEM = """
SELECT one.id, CASE WHEN enduser.id IS NULL THEN NULL ELSE one.event_id END,
    enduser.user_id, NULL, kind.name, NULL, one.occurred_at, false, one.context::text, NULL, NULL,
    NULL
FROM (
    SELECT * FROM interactions_personevent
    WHERE id > %(after)s AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
    ORDER BY id LIMIT %(most)s
) AS one
LEFT JOIN catalog_enduser AS enduser ON enduser.id = one.user_id
JOIN interactions_interactiontype AS kind ON kind.id = one.type_id
ORDER BY one.id
"""
FIND = "SELECT min(id) FROM {table} WHERE {column} = %(value)s"


class UnknownRow(ValueError):
    """Say that there is no row with the id behind which an export is to go on."""


@dataclass(frozen=True)
class Part:
    """Describe a table whose rows are exported."""

    table: str
    statement: str


@dataclass(frozen=True)
class Kind:
    """Describe what can be exported: its columns, and the tables in which its rows lie, one after the other."""

    name: str
    key: str
    """The column by which a row is known outside."""
    columns: tuple[str, ...]
    objects: tuple[str, ...]
    """Columns that hold JSON."""
    parts: tuple[Part, ...]
    check: Callable[[str], object] = str
    """Reads a key; raises ValueError where it can be none."""

    def rows(self, since: datetime | None = None, after: str = "", page: int = PAGE) -> Iterator[Row]:
        """Yield all rows, those behind the one with the key `after` only. Raises UnknownRow before the first one."""
        return self._rows(since, after, page, routing.may_be_old())

    def _rows(self, since: datetime | None, after: str, page: int, may_be_old: bool) -> Iterator[Row]:
        """Read as the request said that asked, which has ended when most pages are read."""
        start, first = self._find(after) if after else (0, 0)
        for number, part in enumerate(self.parts[start:]):
            yield from _rows(part, since, 0 if number else first, page, may_be_old)

    def _find(self, key: str) -> tuple[int, int]:
        """Return the part that holds a row, and its internal id."""
        try:
            value = self.check(key)
        except ValueError as error:
            raise UnknownRow(key) from error
        for number, part in enumerate(self.parts):
            statement = FIND.format(table=part.table, column=self.key)
            if (found := _ask(statement, {"value": value})) is not None:
                return number, found
        raise UnknownRow(key)


def _rows(part: Part, since: datetime | None, after: int, page: int, may_be_old: bool) -> Iterator[Row]:
    while True:
        with routing.reading(may_be_old), routing.connection().cursor() as cursor:
            cursor.execute(part.statement, {"after": after, "since": since, "most": page})
            found = cursor.fetchall()
        yield from (row[1:] for row in found if row[1] is not None)
        if len(found) < page:
            return
        after = found[-1][0]


def _ask(statement: str, parameters: Mapping[str, Any]) -> Any:
    with routing.connection().cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone()[0]


USER_COLUMNS = ("user_id", "created_at", "last_active", "opted_out_at", "preferences", "demographics", "merged")
ITEM_COLUMNS = (
    "item_id",
    "title",
    "description",
    "categories",
    "tags",
    "features",
    "item_type",
    "group",
    "is_available",
    "available_from",
    "available_until",
    "published_at",
    "created_at",
    "updated_at",
)
EVENT_COLUMNS = (
    "event_id",
    "user_id",
    "item_id",
    "type",
    "value",
    "occurred_at",
    "undated",
    "context",
    "review_title",
    "review_text",
    "left_out_as",
)
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "users",
            "user_id",
            USER_COLUMNS,
            ("preferences", "demographics", "merged"),
            (Part("catalog_enduser", USERS),),
        ),
        Kind("items", "item_id", ITEM_COLUMNS, ("categories", "tags", "features"), (Part("catalog_item", ITEMS),)),
        Kind(
            "interactions",
            "event_id",
            EVENT_COLUMNS,
            ("context",),
            (
                Part("interactions_interaction", EVENTS),
                Part("interactions_personevent", EVENTS_WITHOUT_ITEM),
            ),
            UUID,
        ),
    )
}
