"""Add many users or items at once, or bring them up to date. What a row leaves empty stays as it is.

For the caller's transaction; whoever upserts items calls `snapshot.bump()` at the end.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from catalog import erasure
from catalog.ids import is_reserved
from catalog.importers.rows import ItemRow, UserRow
from catalog.models import EndUser

# Both go in the order of ids, so that two imports never wait for each other in a circle, and touch only what differs.
USERS = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb)
        AS row (user_id text, created_at timestamptz, preferences jsonb, demographics jsonb)
), changed AS (
    INSERT INTO catalog_enduser AS kept (user_id, created_at, preferences, demographics)
    SELECT user_id, coalesce(created_at, now()), preferences, demographics FROM given ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET
        preferences = kept.preferences || EXCLUDED.preferences,
        demographics = kept.demographics || EXCLUDED.demographics
    WHERE (kept.preferences, kept.demographics) IS DISTINCT FROM
        (kept.preferences || EXCLUDED.preferences, kept.demographics || EXCLUDED.demographics)
    RETURNING user_id, xmax = 0 AS is_new
)
SELECT coalesce(array_agg(user_id) FILTER (WHERE is_new), '{}'), count(*) FILTER (WHERE NOT is_new) FROM changed
"""
# An item that was made up for an event (hidden, its id for a title) comes to light when it is described.
ITEMS = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row (
        item_id text, title text, description text, categories text[], tags text[], features jsonb,
        item_type text, "group" text, published_at timestamptz
    )
), merged AS (
    SELECT item_id, given.title,
        coalesce(nullif(given.description, ''), kept.description, '') AS description,
        coalesce(nullif(given.categories, '{}'), kept.categories, '{}') AS categories,
        coalesce(nullif(given.tags, '{}'), kept.tags, '{}') AS tags,
        coalesce(kept.features, '{}') || given.features AS features,
        coalesce(nullif(given.item_type, ''), kept.item_type, '') AS item_type,
        coalesce(nullif(given."group", ''), kept."group", '') AS "group",
        coalesce(given.published_at, kept.published_at) AS published_at,
        coalesce(kept.is_available OR kept.title = item_id, true) AS is_available
    FROM given LEFT JOIN catalog_item AS kept USING (item_id)
), changed AS (
    INSERT INTO catalog_item AS kept (
        item_id, title, description, categories, tags, features, item_type, "group", published_at, is_available,
        created_at, updated_at
    )
    SELECT *, now(), now() FROM merged ORDER BY item_id
    ON CONFLICT (item_id) DO UPDATE SET
        title = EXCLUDED.title, description = EXCLUDED.description, categories = EXCLUDED.categories,
        tags = EXCLUDED.tags, features = EXCLUDED.features, item_type = EXCLUDED.item_type, "group" = EXCLUDED."group",
        published_at = EXCLUDED.published_at, is_available = EXCLUDED.is_available, updated_at = now()
    WHERE (
        kept.title, kept.description, kept.categories, kept.tags, kept.features, kept.item_type, kept."group",
        kept.published_at, kept.is_available
    ) IS DISTINCT FROM (
        EXCLUDED.title, EXCLUDED.description, EXCLUDED.categories, EXCLUDED.tags, EXCLUDED.features,
        EXCLUDED.item_type, EXCLUDED."group", EXCLUDED.published_at, EXCLUDED.is_available
    )
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM changed
"""
CATEGORIES = """
INSERT INTO catalog_category (name, description)
SELECT given.name, '' FROM unnest(%s::text[]) AS given (name)
WHERE NOT EXISTS (SELECT FROM catalog_category AS known WHERE known.name = given.name)
ORDER BY given.name
ON CONFLICT (name) DO NOTHING
"""


@dataclass(frozen=True)
class Upserted:
    """Count the rows that are new, and those that were brought up to date."""

    added: int = 0
    changed: int = 0
    erased: frozenset[str] = frozenset()
    """Ids that were left out, since their users were erased."""

    def __add__(self, other: "Upserted") -> "Upserted":
        return Upserted(self.added + other.added, self.changed + other.changed, self.erased | other.erased)


def upsert_users(rows: Sequence[UserRow]) -> Upserted:
    """Add users or bring them up to date; of two rows for one user the last counts. Erased ones are left out."""
    if not rows:
        return Upserted()
    new, changed = _execute(USERS, {row.user_id: row for row in rows}.values())
    erased = frozenset(erasure.refuse(new))
    return Upserted(len(new) - len(erased), changed, erased)


def upsert_items(rows: Sequence[ItemRow]) -> Upserted:
    """Add items or bring them up to date, with the categories they name; of two rows for one item the last counts."""
    add_categories(name for row in rows for name in row.categories)
    return Upserted(*_execute(ITEMS, {row.item_id: row for row in rows}.values())) if rows else Upserted()


def refuse_reserved_users(new: Collection[str]) -> set[str]:
    """Remove those of the users just made whose ids are addresses of the API, and return their ids.

    For the caller's transaction, after the statement that made the users `new`, as `erasure.refuse`.
    """
    reserved = set(filter(is_reserved, new))
    if reserved:
        EndUser.objects.filter(user_id__in=reserved)._raw_delete("default")
    return reserved


def add_categories(names: Iterable[str]) -> None:
    """Add those of the categories that there are not yet."""
    if named := sorted(set(names)):
        with connection.cursor() as cursor:
            cursor.execute(CATEGORIES, [named])


def _execute(statement: str, rows: Collection[UserRow | ItemRow]) -> tuple[Any, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps([_fields(row) for row in rows])])
        new, changed = cursor.fetchone()
        return new, changed


def _fields(row: UserRow | ItemRow) -> dict[str, Any]:
    values = ((field.name, getattr(row, field.name)) for field in fields(row))
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}
