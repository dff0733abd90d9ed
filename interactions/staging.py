"""Events on their way into the log: copied into a table of the session, then moved as one set."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

# Made once for each session, since tables that come and go bloat the catalogue.
TABLE = """
CREATE TEMP TABLE IF NOT EXISTS staged_event (
    position integer, event_id uuid, user_id text, item_id text, type text,
    value double precision, occurred_at timestamptz, undated boolean, context jsonb
) ON COMMIT DELETE ROWS
"""
COPY = "COPY staged_event FROM STDIN (FORMAT csv)"

TAKE_OUT_UNKNOWN_TYPES = """
DELETE FROM staged_event WHERE type NOT IN (SELECT name FROM interactions_interactiontype)
RETURNING position, user_id, item_id, type, value, 'unknown type ' || type
"""
TAKE_OUT_UNKNOWN_ITEMS = """
DELETE FROM staged_event WHERE NOT EXISTS (SELECT FROM catalog_item known WHERE known.item_id = staged_event.item_id)
RETURNING position, user_id, item_id, type, value, 'unknown item ' || item_id
"""
# Hidden, so that nobody is recommended a thing of which nothing but the id is known.
MAKE_PLACEHOLDERS = """
INSERT INTO catalog_item
    (item_id, title, description, categories, tags, features, item_type, is_available, "group", created_at, updated_at)
SELECT DISTINCT item_id, item_id, '', '{}'::text[], '{}'::text[], '{}'::jsonb, '', false, '', now(), now()
FROM staged_event
WHERE NOT EXISTS (SELECT FROM catalog_item known WHERE known.item_id = staged_event.item_id)
ORDER BY item_id
ON CONFLICT (item_id) DO NOTHING
"""
# In the order of ids: two transactions that meet the same people never wait for each other in a circle.
# What has no date says nothing of when somebody was active.
MEET_PEOPLE = """
INSERT INTO catalog_enduser (user_id, created_at, last_active, preferences, demographics)
SELECT seen.user_id, least(seen.first, now()), seen.latest, '{}'::jsonb, '{}'::jsonb
FROM (
    SELECT user_id, min(occurred_at) FILTER (WHERE NOT undated) AS first,
        max(least(occurred_at, now())) FILTER (WHERE NOT undated) AS latest
    FROM staged_event GROUP BY user_id
) AS seen
LEFT JOIN catalog_enduser AS known USING (user_id)
WHERE known.id IS NULL OR seen.latest > coalesce(known.last_active, '-infinity')
ORDER BY seen.user_id
ON CONFLICT (user_id) DO UPDATE SET last_active = greatest(catalog_enduser.last_active, EXCLUDED.last_active)
"""
INSERT = """
INSERT INTO interactions_interaction
    (event_id, user_id, item_id, type_id, value, occurred_at, undated, context, received_at)
SELECT event_id, person.id, item.id, type.id, value, occurred_at, undated, context, now()
FROM staged_event
JOIN catalog_enduser AS person ON person.user_id = staged_event.user_id
JOIN catalog_item AS item ON item.item_id = staged_event.item_id
JOIN interactions_interactiontype AS type ON type.name = staged_event.type
ON CONFLICT (event_id, occurred_at) DO NOTHING
"""


class Staged(NamedTuple):
    """One event as it is copied. `position` is the caller's own number for it."""

    position: int
    event_id: UUID | str
    user_id: str
    item_id: str
    type: str
    value: float | None
    occurred_at: datetime | str
    undated: bool
    context: str | None
    """JSON."""


class Unresolved(NamedTuple):
    """A staged event that names a type or an item that doesn't exist."""

    position: int
    user_id: str
    item_id: str
    type: str
    value: float | None
    reason: str


def pack(events: Iterable[Staged]) -> str:
    """The events as `fill` takes them. None becomes an empty field, which PostgreSQL reads as NULL."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(events)
    return text.getvalue()


def fill(cursor: CursorWrapper, packed: str) -> None:
    """Copies events into the empty staging table. For the transaction that is under way."""
    cursor.execute(TABLE)
    cursor.execute("DELETE FROM staged_event")
    with connection.wrap_database_errors, cursor.cursor.copy(COPY) as copy:
        copy.write(packed)


def take_out_unresolved(cursor: CursorWrapper) -> list[Unresolved]:
    """Removes the events that can't be stored; items are made up instead where UNKNOWN_ITEM_POLICY is `placeholder`."""
    cursor.execute(TAKE_OUT_UNKNOWN_TYPES)
    unresolved = cursor.fetchall()
    if settings.UNKNOWN_ITEM_POLICY == "placeholder":
        cursor.execute(MAKE_PLACEHOLDERS)
    else:
        cursor.execute(TAKE_OUT_UNKNOWN_ITEMS)
        unresolved += cursor.fetchall()
    return sorted(map(Unresolved._make, unresolved))


def move(cursor: CursorWrapper) -> int:
    """Makes the people who are new, notes who was active, and inserts the new events; says how many they were."""
    cursor.execute(MEET_PEOPLE)
    cursor.execute(INSERT)
    return cursor.rowcount
