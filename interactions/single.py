"""Store an event as nearly all are, of a known user, item and type, by one statement that is planned once.

The statement is a transaction of its own: one way to the server and back, and the event is durable. Whatever else an
event is (a repeat, of a new user or one who opted out, of an unknown item, with a review, about no item, one that takes
another back), the statement leaves everything as it was, and `store.store` settles it.
"""

import json

from interactions.marking import mark_of
from interactions.schema import PROFILE_UPDATE, UNDO, Event
from interactions.store import StoredEvent, stored_event
from recsite.platform import database

# It takes the lock on users that the erasing waits for (see `catalog.erasure`) before it looks for the user. An INSERT
# reads no month: it finds the one of the event, whatever their number.
STORE = """
WITH stored AS (
    INSERT INTO interactions_interaction
        (event_id, user_id, item_id, type_id, value, occurred_at, undated, context, mark, received_at)
    SELECT %(event_id)s::uuid, enduser.id, item.id, kind.id, %(value)s::double precision, %(at)s::timestamptz,
        %(undated)s::boolean, %(context)s::jsonb, %(mark)s::smallint, now()
    FROM catalog_enduser AS enduser, catalog_item AS item, interactions_interactiontype AS kind
    WHERE enduser.user_id = %(user_id)s::text AND item.item_id = %(item_id)s::text AND kind.name = %(type)s::text
        AND (enduser.opted_out_at IS NULL OR %(at)s::timestamptz < enduser.opted_out_at)
    ON CONFLICT (event_id, occurred_at) DO NOTHING
    RETURNING user_id, item_id, id
), active AS (
    UPDATE catalog_enduser SET last_active = least(%(at)s::timestamptz, now())
    FROM stored
    WHERE catalog_enduser.id = stored.user_id AND NOT %(undated)s::boolean
        AND least(%(at)s::timestamptz, now()) >= coalesce(last_active, '-infinity') + interval '1 minute'
)
SELECT user_id, item_id, id FROM stored
"""


def store(event: Event) -> StoredEvent | None:
    """Return the event, stored, with the keys of its rows; None where `store.store` has to see to it."""
    if not event.item_id or event.review or event.type in (PROFILE_UPDATE, UNDO):
        return None
    rows = database.prepared(
        STORE,
        {
            "event_id": event.event_id,
            "user_id": event.user_id,
            "item_id": event.item_id,
            "type": event.type,
            "value": None if event.value is None else float(event.value),
            "at": event.occurred_at,
            "undated": event.undated,
            "context": json.dumps(event.context) if event.context else None,
            "mark": mark_of(event.context),
        },
    )
    if not rows:
        return None
    ((user_pk, item_pk, pk),) = rows
    return stored_event(event, user_pk, item_pk, pk)
