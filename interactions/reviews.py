"""Keep what users wrote beside their ratings."""

import json
from collections.abc import Mapping, Sequence

from django.db import connection

from interactions.models import Review
from interactions.schema import Event

UPSERT = """
INSERT INTO interactions_review (event_id, occurred_at, user_id, item_id, value, title, text)
SELECT event.event_id, event.occurred_at, event.user_id, event.item_id, event.value,
    coalesce(given.title, ''), given.text
FROM jsonb_to_recordset(%s::jsonb) AS given (event_id uuid, occurred_at timestamptz, title text, text text)
CROSS JOIN LATERAL (
    SELECT * FROM interactions_interaction
    WHERE event_id = given.event_id AND occurred_at = given.occurred_at AND value IS NOT NULL LIMIT 1
) AS event
ORDER BY event.event_id
ON CONFLICT (event_id, occurred_at) DO UPDATE SET
    value = EXCLUDED.value, title = EXCLUDED.title, text = EXCLUDED.text
"""


def keep(stored: Sequence[tuple[Event, int, int, int]]) -> None:
    """Keep the reviews of events that were just stored, each with the keys of user, item and event."""
    found = [(event, event.review, user_pk, item_pk) for event, user_pk, item_pk, _ in stored if event.review]
    if not found:
        return
    Review.objects.bulk_create(
        Review(
            event_id=event.event_id,
            occurred_at=event.occurred_at,
            user_id=user_pk,
            item_id=item_pk,
            value=event.value or 0.0,
            title=review.get("title", ""),
            text=review["text"],
        )
        for event, review, user_pk, item_pk in found
    )


def upsert(found: Sequence[Mapping[str, str]]) -> None:
    """Keep the reviews of a file's events, which are stored already; of two for one event the last counts."""
    if found:
        by_event = {(one["event_id"], one["occurred_at"]): one for one in found}
        with connection.cursor() as cursor:
            cursor.execute(UPSERT, [json.dumps(list(by_event.values()))])
