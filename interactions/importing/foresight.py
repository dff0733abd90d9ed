"""Say what an import would do to each batch, without writing anything."""

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from catalog.upserts import Upserted, foresee_items, foresee_users
from interactions.importing.batches import Batch
from interactions.importing.report import Counts
from interactions.staged_table import leave_out
from interactions.staging import Unknown, in_table

MISSING = """
SELECT position, user_id, item_id, type, value, 'unknown item ' || item_id
FROM staged_event
WHERE item_id <> '' AND NOT EXISTS (SELECT FROM catalog_item AS known WHERE known.item_id = staged_event.item_id)
ORDER BY position
"""
NEW_USERS = """
SELECT DISTINCT user_id FROM staged_event
WHERE NOT EXISTS (SELECT FROM catalog_enduser AS known WHERE known.user_id = staged_event.user_id)
"""
# One look-up by an index for each event: the planner, who knows nothing of the staged ones, might read all events.
KNOWN = """
SELECT count(*) FILTER (WHERE known.id IS NULL),
    count(*) FILTER (WHERE known.id IS NOT NULL AND known.value IS DISTINCT FROM picked.value),
    count(*) FILTER (WHERE known.id IS NOT NULL AND known.value IS NOT DISTINCT FROM picked.value)
FROM (
    SELECT DISTINCT ON (event_id, occurred_at) event_id, occurred_at, value FROM staged_event
    WHERE (item_id <> '') = {is_about_item} ORDER BY event_id, occurred_at, position DESC
) AS picked
LEFT JOIN LATERAL (
    SELECT id, {value} AS value FROM {table} AS event
    WHERE event.event_id = picked.event_id AND event.occurred_at = picked.occurred_at LIMIT 1
) AS known ON true
"""
OF_ITEMS = KNOWN.format(is_about_item="true", value="value", table="interactions_interaction")
OF_NOTHING = KNOWN.format(is_about_item="false", value="NULL::double precision", table="interactions_personevent")


class Foresight:
    """Remember which users and items the batches so far would have made: their ids alone, so that it fits in memory."""

    def __init__(self) -> None:
        self._items: set[str] = set()
        self._users: set[str] = set()

    def of(self, batch: Batch) -> tuple[list[Unknown], Counts]:
        """Return the events, one for each line, that would be refused for want of their item; and what is new."""
        new_items, items_changed = foresee_items(batch.items)
        new_users, users_changed = foresee_users(batch.users)
        counts = Counts(
            items=Upserted(self._met(self._items, new_items), items_changed),
            users=Upserted(self._met(self._users, new_users), users_changed),
        )
        if not batch.n_events:
            return [], counts
        with transaction.atomic(), connection.cursor() as cursor:
            staging = in_table(cursor, batch.packed)
            cursor.execute(MISSING)
            missing = [Unknown._make(row) for row in cursor.fetchall()]
            lost = [] if _makes_items() else [one for one in missing if one.item_id not in self._items]
            leave_out(staging, lost)
            counts += self._events(cursor, batch)
        made = self._met(self._items, {one.item_id for one in missing}) if _makes_items() else 0
        counts += Counts(items=Upserted(made), placeholders=made)
        # Several events may be of one line.
        return list({one.position: one for one in lost}.values()), counts

    def _events(self, cursor: CursorWrapper, batch: Batch) -> Counts:
        cursor.execute(NEW_USERS)
        met = self._met(self._users, {user_id for (user_id,) in cursor.fetchall()})
        cursor.execute(OF_ITEMS)
        new, changed, known = cursor.fetchone()
        if batch.n_without_item:
            cursor.execute(OF_NOTHING)
            new, known = (one + other for one, other in zip((new, known), cursor.fetchone()[::2], strict=True))
        return Counts(stored=new, changed=changed, duplicates=known, users=Upserted(met))

    @staticmethod
    def _met(known: set[str], found: set[str]) -> int:
        """Remember ids; return how many of them are met for the first time."""
        before = len(known)
        known |= found
        return len(known) - before


def _makes_items() -> bool:
    return bool(settings.UNKNOWN_ITEM_POLICY == "placeholder")
