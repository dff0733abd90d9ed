"""Add many users or items at once, or bring them up to date. What a row leaves empty stays as it is.

For the caller's transaction; whoever upserts items calls `snapshot.bump()` at the end.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from catalog import erasure, merging
from catalog.ids import is_reserved
from catalog.importers.rows import ItemRow, UserRow
from catalog.models import EndUser

# Both go in the order of ids, so that two imports never wait for each other in a circle, and touch only what differs.
# A column that is null stays as it is, but for those in `names`. Objects are replaced, or merged name by name.
MERGED_USERS = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (
        user_id text, created_at timestamptz, last_active timestamptz, preferences jsonb, demographics jsonb,
        opted_out_at timestamptz, names text[]
    )
), merged AS (
    SELECT user_id, coalesce(given.created_at, kept.created_at, now()) AS created_at,
        CASE WHEN 'last_active' = ANY(given.names) AND NOT %(merges)s THEN given.last_active
            ELSE greatest(given.last_active, kept.last_active) END AS last_active,
        CASE WHEN %(merges)s THEN coalesce(kept.preferences, '{}') ELSE '{}' END
            || coalesce(given.preferences, kept.preferences, '{}') AS preferences,
        CASE WHEN %(merges)s THEN coalesce(kept.demographics, '{}') ELSE '{}' END
            || coalesce(given.demographics, kept.demographics, '{}') AS demographics,
        given.opted_out_at
    FROM given LEFT JOIN catalog_enduser AS kept USING (user_id)
)
"""
USERS = f"""{MERGED_USERS}, changed AS (
    INSERT INTO catalog_enduser AS kept (user_id, created_at, last_active, preferences, demographics, opted_out_at)
    SELECT * FROM merged ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET
        created_at = EXCLUDED.created_at, last_active = EXCLUDED.last_active,
        preferences = EXCLUDED.preferences, demographics = EXCLUDED.demographics
    WHERE (kept.created_at, kept.last_active, kept.preferences, kept.demographics) IS DISTINCT FROM
        (EXCLUDED.created_at, EXCLUDED.last_active, EXCLUDED.preferences, EXCLUDED.demographics)
    RETURNING user_id AS id, xmax = 0 AS is_new
)
"""
# An item that was made up for an event (hidden, its id for a title) comes to light when it is described.
MERGED_ITEMS = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS row (
        item_id text, title text, description text, categories text[], tags text[], features jsonb,
        item_type text, "group" text, published_at timestamptz, is_available boolean, available_from timestamptz,
        available_until timestamptz, created_at timestamptz, updated_at timestamptz, names text[]
    )
), merged (
    item_id, title, description, categories, tags, features, item_type, "group", published_at, is_available,
    available_from, available_until, created_at, updated_at
) AS (
    SELECT item_id, coalesce(given.title, kept.title) AS title,
        coalesce(given.description, kept.description, '') AS description,
        coalesce(given.categories, kept.categories, '{}') AS categories,
        coalesce(given.tags, kept.tags, '{}') AS tags,
        CASE WHEN %(merges)s THEN coalesce(kept.features, '{}') ELSE '{}' END
            || coalesce(given.features, kept.features, '{}') AS features,
        coalesce(given.item_type, kept.item_type, '') AS item_type,
        coalesce(given."group", kept."group", '') AS "group",
        CASE WHEN 'published_at' = ANY(given.names) THEN given.published_at ELSE kept.published_at END,
        coalesce(
            given.is_available, kept.is_available OR (kept.title = item_id AND given.title IS NOT NULL), true
        ) AS is_available,
        CASE WHEN 'available_from' = ANY(given.names) THEN given.available_from ELSE kept.available_from END,
        CASE WHEN 'available_until' = ANY(given.names) THEN given.available_until ELSE kept.available_until END,
        coalesce(given.created_at, kept.created_at, now()),
        CASE WHEN kept.item_id IS NULL THEN least(given.updated_at, now()) ELSE now() END
    FROM given LEFT JOIN catalog_item AS kept USING (item_id)
)
"""
ITEMS = f"""{MERGED_ITEMS}, changed AS (
    INSERT INTO catalog_item AS kept (
        item_id, title, description, categories, tags, features, item_type, "group", published_at, is_available,
        available_from, available_until, created_at, updated_at
    )
    SELECT * FROM merged ORDER BY item_id
    ON CONFLICT (item_id) DO UPDATE SET
        title = EXCLUDED.title, description = EXCLUDED.description, categories = EXCLUDED.categories,
        tags = EXCLUDED.tags, features = EXCLUDED.features, item_type = EXCLUDED.item_type, "group" = EXCLUDED."group",
        published_at = EXCLUDED.published_at, is_available = EXCLUDED.is_available,
        available_from = EXCLUDED.available_from, available_until = EXCLUDED.available_until,
        created_at = EXCLUDED.created_at, updated_at = now()
    WHERE (
        kept.title, kept.description, kept.categories, kept.tags, kept.features, kept.item_type, kept."group",
        kept.published_at, kept.is_available, kept.available_from, kept.available_until, kept.created_at
    ) IS DISTINCT FROM (
        EXCLUDED.title, EXCLUDED.description, EXCLUDED.categories, EXCLUDED.tags, EXCLUDED.features,
        EXCLUDED.item_type, EXCLUDED."group", EXCLUDED.published_at, EXCLUDED.is_available, EXCLUDED.available_from,
        EXCLUDED.available_until, EXCLUDED.created_at
    )
    RETURNING item_id AS id, xmax = 0 AS is_new
)
"""
OUTCOME = """
SELECT coalesce(array_agg(id) FILTER (WHERE is_new), '{}'), coalesce(array_agg(id) FILTER (WHERE NOT is_new), '{}')
FROM changed
"""
# What an upsert would do, without doing it.
FORESEE = """
SELECT coalesce(array_agg(merged.{id}) FILTER (WHERE kept.id IS NULL), '{{}}'),
    count(*) FILTER (WHERE kept.id IS NOT NULL AND ({kept}) IS DISTINCT FROM ({merged}))
FROM merged LEFT JOIN {table} AS kept USING ({id})
"""
TOLD_OF_USERS = ("created_at", "last_active", "preferences", "demographics")
TOLD_OF_ITEMS = (
    "title",
    "description",
    "categories::text[]",
    "tags::text[]",
    "features",
    "item_type",
    '"group"',
    "published_at",
    "is_available",
    "available_from",
    "available_until",
    "created_at",
)
LOCK_USERS = "SELECT FROM catalog_enduser WHERE user_id = ANY(%s) ORDER BY user_id FOR NO KEY UPDATE"
NULLABLE = ("published_at", "available_from", "available_until", "last_active")
"""Columns that may hold nothing: a row that names one as null empties it."""

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
    new, changed = write(USERS, [_said(row) for row in {row.user_id: row for row in rows}.values()], merges=True)
    erased = frozenset(erasure.refuse(new))
    # Another name of a known user, whose profile wins.
    merged = merging.refuse(new)
    merging.add_names({row.user_id: row.merged for row in rows if row.merged})
    return Upserted(len(new) - len(erased) - len(merged), len(changed), erased)


def upsert_items(rows: Sequence[ItemRow]) -> Upserted:
    """Add items or bring them up to date, with the categories they name; of two rows for one item the last counts."""
    add_categories(name for row in rows for name in row.categories)
    if not rows:
        return Upserted()
    new, changed = write(ITEMS, [_said(row) for row in {row.item_id: row for row in rows}.values()], merges=True)
    return Upserted(len(new), len(changed))


def foresee_users(rows: Sequence[UserRow]) -> tuple[set[str], int]:
    """Return the ids of users that an upsert would add, and how many it would change; nothing is written."""
    said = [_said(row) for row in {row.user_id: row for row in rows}.values()]
    return _foresee(MERGED_USERS, "catalog_enduser", "user_id", TOLD_OF_USERS, said)


def foresee_items(rows: Sequence[ItemRow]) -> tuple[set[str], int]:
    """Return the ids of items that an upsert would add, and how many it would change; nothing is written."""
    said = [_said(row) for row in {row.item_id: row for row in rows}.values()]
    return _foresee(MERGED_ITEMS, "catalog_item", "item_id", TOLD_OF_ITEMS, said)


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


def _foresee(
    merged: str, table: str, id_: str, told: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> tuple[set[str], int]:
    if not rows:
        return set(), 0
    columns = {side: ", ".join(f"{side}.{name}" for name in told) for side in ("kept", "merged")}
    with connection.cursor() as cursor:
        cursor.execute(merged + FORESEE.format(table=table, id=id_, **columns), _parameters(rows, merges=True))
        new, changed = cursor.fetchone()
        return set(new), changed


def _parameters(rows: Sequence[Mapping[str, Any]], merges: bool) -> dict[str, Any]:
    named = [{**row, "names": [name for name in NULLABLE if name in row]} for row in rows]
    return {"rows": json.dumps(named, default=datetime.isoformat), "merges": merges}


def write(statement: str, rows: Sequence[Mapping[str, Any]], merges: bool) -> tuple[list[str], list[str]]:
    """Write rows that differ in their ids; return the ids of those that are new, and of those that changed.

    A row has the columns that it says something of.
    """
    with connection.cursor() as cursor:
        if statement is USERS:
            # Their events move `last_active` on, and may change a profile, at any moment.
            cursor.execute(LOCK_USERS, [[row["user_id"] for row in rows]])
        cursor.execute(statement + OUTCOME, _parameters(rows, merges))
        new, changed = cursor.fetchone()
        return new, changed


def _said(row: UserRow | ItemRow) -> dict[str, Any]:
    """Return what a row of a file says; what it leaves empty stays as it is."""
    values = ((field.name, getattr(row, field.name)) for field in fields(row))
    return {name: value for name, value in values if value not in (None, "", (), {})}
