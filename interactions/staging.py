"""Insert events as a set: few as arrays, many by way of a table; then by a few statements for all of them."""

import csv
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from catalog.ids import DOTS, ROUTE_ENDS, ROUTE_WORDS

logger = logging.getLogger(__name__)
SHOWN_WHEN = "an import describes them, or staff choose 'Show in lists again' in the admin (Items)"

COLUMNS = {
    "position": "integer",
    "event_id": "uuid",
    "user_id": "text",
    "item_id": "text",
    "type": "text",
    "value": "double precision",
    "occurred_at": "timestamptz",
    "undated": "boolean",
    "context": "jsonb",
    "mark": "smallint",
}
ARRAYS = f"unnest({', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())}) AS staged ({', '.join(COLUMNS)})"
# Made once for each session, since tables that come and go bloat the system's catalogue.
MAKE_TABLE = f"""
CREATE TEMP TABLE IF NOT EXISTS staged_event ({", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
ON COMMIT DELETE ROWS
"""
# An empty field is NULL, but never in these: an event may be about no item.
COPY = "COPY staged_event FROM STDIN (FORMAT csv, FORCE_NOT_NULL (user_id, item_id, type))"

FIND_UNKNOWN = """
SELECT position, user_id, item_id, type, value,
    CASE WHEN kind.id IS NULL THEN 'unknown type ' || staged.type ELSE 'unknown item ' || staged.item_id END
FROM {staged}
LEFT JOIN catalog_item AS item USING (item_id)
LEFT JOIN interactions_interactiontype AS kind ON kind.name = staged.type
WHERE (item.id IS NULL AND staged.item_id <> '') OR kind.id IS NULL
"""
# No item is made with an id that is an address of the API (`catalog.ids.is_reserved`).
WORDS = f"'{{{','.join(sorted(ROUTE_WORDS))}}}'::text[]"
PATTERN = f"'(?:{'|'.join(ROUTE_ENDS)})$|{DOTS}'"
# Hidden where the event came one by one: a client that makes up ids shall not put them into lists.
MAKE_PLACEHOLDERS = """
INSERT INTO catalog_item
    (item_id, title, description, categories, tags, features, item_type, is_available, "group", created_at, updated_at)
SELECT DISTINCT item_id, item_id, '', '{{}}'::text[], '{{}}'::text[], '{{}}'::jsonb, '', {available}, '', now(), now()
FROM {staged}
WHERE staged.item_id <> '' AND NOT EXISTS (SELECT FROM catalog_item AS known WHERE known.item_id = staged.item_id)
    AND NOT (staged.item_id = ANY({words}) OR staged.item_id ~ {pattern})
ORDER BY item_id
ON CONFLICT (item_id) DO NOTHING
"""
# In the order of ids: two transactions that meet the same users never wait for each other in a circle.
# What has no date says nothing of when somebody was active. That is noted by the minute: to write a user's row with
# each of their events would take longer than everything else.
UPSERT_USERS = """
INSERT INTO catalog_enduser (user_id, created_at, last_active, preferences, demographics)
SELECT seen.user_id, least(seen.first, now()), seen.latest, '{{}}'::jsonb, '{{}}'::jsonb
FROM (
    SELECT user_id, min(occurred_at) FILTER (WHERE NOT undated) AS first,
        max(least(occurred_at, now())) FILTER (WHERE NOT undated) AS latest
    FROM {staged} GROUP BY user_id
) AS seen
LEFT JOIN catalog_enduser AS known USING (user_id)
WHERE known.id IS NULL OR (
    known.opted_out_at IS NULL AND seen.latest >= coalesce(known.last_active, '-infinity') + interval '1 minute'
)
ORDER BY seen.user_id
ON CONFLICT (user_id) DO UPDATE SET last_active = greatest(catalog_enduser.last_active, EXCLUDED.last_active)
RETURNING user_id, xmax = 0
"""
# Of users who opted out nothing is kept that happened from then on. No trip asks for them: their events join with none.
TAKES_PART = "(enduser.opted_out_at IS NULL OR staged.occurred_at < enduser.opted_out_at)"

# Sorted by id, whose index would else be touched all over: 17 instead of 20 microseconds a row in batches of 50,000.
# What is new is told by its position: numbers are read in a tenth of the time of ids and times.
INSERT = f"""
WITH staged AS (SELECT * FROM {{staged}}), inserted AS (
    INSERT INTO interactions_interaction
        (event_id, user_id, item_id, type_id, value, occurred_at, undated, context, mark, received_at)
    SELECT event_id, enduser.id, item.id, kind.id, value, occurred_at, undated, context, mark, {{received}}
    FROM staged
    JOIN catalog_enduser AS enduser USING (user_id)
    JOIN catalog_item AS item USING (item_id)
    JOIN interactions_interactiontype AS kind ON kind.name = staged.type
    WHERE {TAKES_PART}
    ORDER BY event_id
    ON CONFLICT (event_id, occurred_at) DO NOTHING
    RETURNING event_id, occurred_at, user_id, item_id, id
)
SELECT staged.position, inserted.user_id, inserted.item_id, inserted.id
FROM inserted JOIN staged USING (event_id, occurred_at)
"""
# Of files: the last of equal lines counts, and a later file may correct a value. What RETURNING selects is read as it
# was before the statement, so `before` is when the old value came; ids tell new rows, which need no such look-up.
UPSERT = f"""
WITH picked AS MATERIALIZED (
    SELECT DISTINCT ON (event_id, occurred_at)
        event_id, enduser.id AS user_id, item.id AS item_id, kind.id AS type_id, value, occurred_at, undated, context,
        mark
    FROM {{staged}}
    JOIN catalog_enduser AS enduser USING (user_id)
    JOIN catalog_item AS item USING (item_id)
    JOIN interactions_interactiontype AS kind ON kind.name = staged.type
    WHERE {TAKES_PART}
    ORDER BY event_id, occurred_at, position DESC
), written AS (
    INSERT INTO interactions_interaction AS kept
        (event_id, user_id, item_id, type_id, value, occurred_at, undated, context, mark, received_at)
    SELECT *, {{received}} FROM picked
    ON CONFLICT (event_id, occurred_at) DO UPDATE SET
        value = EXCLUDED.value, context = coalesce(EXCLUDED.context, kept.context), received_at = EXCLUDED.received_at
    WHERE kept.value IS DISTINCT FROM EXCLUDED.value
    RETURNING CASE WHEN kept.id <= %(last_id)s THEN (
        SELECT received_at FROM interactions_interaction AS old
        WHERE old.event_id = kept.event_id AND old.occurred_at = kept.occurred_at
    ) END AS before
)
SELECT count(*) FILTER (WHERE before IS NULL), count(*) FILTER (WHERE before < %(since)s),
    (SELECT count(*) FROM {{staged}} WHERE item_id <> '') - (SELECT count(*) FROM picked)
        + count(*) FILTER (WHERE before >= %(since)s)
FROM written
"""
LAST_ID = "SELECT last_value FROM interactions_interaction_id_seq"
INSERT_WITHOUT_ITEM = f"""
WITH staged AS (SELECT * FROM {{staged}}), inserted AS (
    INSERT INTO interactions_personevent (event_id, user_id, type_id, occurred_at, context, received_at)
    SELECT event_id, enduser.id, kind.id, occurred_at, context, {{received}}
    FROM staged
    JOIN catalog_enduser AS enduser USING (user_id)
    JOIN interactions_interactiontype AS kind ON kind.name = staged.type
    WHERE staged.item_id = '' AND {TAKES_PART}
    ORDER BY event_id
    ON CONFLICT (event_id, occurred_at) DO NOTHING
    RETURNING event_id, occurred_at, user_id, id
)
SELECT staged.position, inserted.user_id, 0, inserted.id
FROM inserted JOIN staged USING (event_id, occurred_at)
"""


class Staged(NamedTuple):
    """Holds one event. `position` is the caller's own number for it, `context` is JSON."""

    position: int
    event_id: UUID | str
    user_id: str
    item_id: str
    type: str
    value: float | None
    occurred_at: datetime | str
    undated: bool
    context: str | None
    mark: int = 0


class Upserted(NamedTuple):
    """Counts events of a batch: new ones, those that got another value, those given again further down in the file."""

    added: int
    changed: int
    repeated: int


class Unknown(NamedTuple):
    """Holds a staged event whose type or item doesn't exist."""

    position: int
    user_id: str
    item_id: str
    type: str
    value: float | None
    reason: str

    @property
    def is_item(self) -> bool:
        """Return True where the item is what doesn't exist, not the type."""
        return self.reason.startswith("unknown item")


@dataclass(frozen=True)
class Staging:
    """Holds where the events of this transaction wait: a relation called `staged`, and its parameters."""

    cursor: CursorWrapper
    relation: str
    parameters: Sequence[Any] = ()
    as_happened: bool = False
    """Whether the events count as received when they happened, instead of now."""

    def make_placeholders(self, available: bool = False) -> int:
        """Make the items that are missing where UNKNOWN_ITEM_POLICY is `placeholder`; return how many they were.

        They are recommended only if they are `available`.
        """
        if settings.UNKNOWN_ITEM_POLICY != "placeholder":
            return 0
        self._execute(MAKE_PLACEHOLDERS, available="true" if available else "false", words=WORDS, pattern=PATTERN)
        if self.cursor.rowcount > 0 and not available:
            logger.info("%d items made for the ids of events: hidden until %s.", self.cursor.rowcount, SHOWN_WHEN)
        return max(self.cursor.rowcount, 0)

    def find_unknown(self) -> list[Unknown]:
        """Return the events whose type or item doesn't exist: they can't be stored."""
        self._execute(FIND_UNKNOWN)
        return sorted(map(Unknown._make, self.cursor.fetchall()))

    def upsert_users(self) -> list[str]:
        """Make the users who are new, note who was active, and return the ids of the new ones.

        Their events are stored only once `catalog.erasure.refuse` has had a look at them.
        """
        self._execute(f"WITH upserted (user_id, is_new) AS ({UPSERT_USERS}) SELECT user_id FROM upserted WHERE is_new")
        return [user_id for (user_id,) in self.cursor.fetchall()]

    def upsert(self, since: datetime) -> Upserted:
        """Insert the events that are new, and correct the value of those that are known; for the table alone.

        What was stored `since` then belongs to the file that is being read: a later line of it repeats an earlier one.
        """
        self._execute(LAST_ID)
        # The time is that of this process, as `since` is: the server's clock may be another.
        given = {"now": timezone.now(), "since": since, "last_id": self.cursor.fetchone()[0]}
        received = self._received("%(now)s")
        self.cursor.execute(UPSERT.format(staged=self.relation, received=received), given)
        return Upserted(*self.cursor.fetchone())

    def insert_returning(self) -> list[tuple[int, int, int, int]]:
        """Insert the events that are new; return the position, and the keys of user, item and event, of each.

        No two of those that are staged may have the same id and time.
        """
        self._execute(INSERT, received=self._received("now()"))
        return self.cursor.fetchall()

    def insert_without_item(self) -> list[tuple[int, int, int, int]]:
        """Insert those that are about no item, and return the same of them, the item's key 0."""
        self._execute(INSERT_WITHOUT_ITEM, received=self._received("now()"))
        return self.cursor.fetchall()

    def _received(self, now: str) -> str:
        """Return when events came in, as the statements have it."""
        return f"least(occurred_at, {now})" if self.as_happened else now

    def _execute(self, statement: str, **parts: str) -> None:
        self.cursor.execute(statement.format(staged=self.relation, **parts), self.parameters or None)


def in_arrays(cursor: CursorWrapper, events: Sequence[Staged], as_happened: bool = False) -> Staging:
    """Stage a few events, sent along with each statement."""
    return Staging(cursor, ARRAYS, [list(column) for column in zip(*events, strict=True)], as_happened)


class Packer:
    """Writes many events one by one as `in_table` takes them. None becomes an empty field, which COPY reads as NULL.

    Lines end in CRLF, so that the writer quotes a field with either of the two.
    """

    def __init__(self) -> None:
        self._text = io.StringIO()
        self._write = csv.writer(self._text, lineterminator="\r\n").writerow

    def add(self, event: Staged) -> None:
        self._write(event)

    def take(self) -> str:
        """Return what was added since the last time."""
        packed = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return packed


def in_table(cursor: CursorWrapper, packed: str, as_happened: bool = False) -> Staging:
    """Stage many events, copied into a table that empties itself at the end of the transaction."""
    cursor.execute(MAKE_TABLE)
    cursor.execute("DELETE FROM staged_event")
    with connection.wrap_database_errors, cursor.cursor.copy(COPY) as copy:
        copy.write(packed)
    return Staging(cursor, "staged_event AS staged", as_happened=as_happened)
