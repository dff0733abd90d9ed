"""Tell events apart: equal id and time make one event, whose contents must be equal then."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from interactions.schema import Event

Key = tuple[UUID, datetime]

# LATERAL with LIMIT looks each event up by the index of its one month; a plain join may read every partition whole.
STORED = """
SELECT asked.event_id, asked.occurred_at, catalog_enduser.user_id, coalesce(catalog_item.item_id, ''), kind.name,
    kept.value, kept.context, review.title, review.text
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS asked (event_id, occurred_at)
CROSS JOIN LATERAL (
    (SELECT user_id, item_id, type_id, value, context FROM interactions_interaction
        WHERE event_id = asked.event_id AND occurred_at = asked.occurred_at LIMIT 1)
    UNION ALL
    (SELECT user_id, NULL, type_id, NULL, context FROM interactions_personevent
        WHERE event_id = asked.event_id AND occurred_at = asked.occurred_at LIMIT 1)
    LIMIT 1
) AS kept
LEFT JOIN catalog_enduser ON catalog_enduser.id = kept.user_id
LEFT JOIN catalog_item ON catalog_item.id = kept.item_id
LEFT JOIN interactions_interactiontype AS kind ON kind.id = kept.type_id
LEFT JOIN interactions_review AS review
    ON review.event_id = asked.event_id AND review.occurred_at = asked.occurred_at
"""


@dataclass(frozen=True, slots=True)
class Content:
    """Holds what an event says, beside its id and time."""

    user_id: str
    item_id: str
    type: str
    value: float | None
    context: dict[str, Any]
    review: dict[str, str] | None


def key_of(event: Event) -> Key:
    return event.event_id, event.occurred_at


def content_of(event: Event) -> Content:
    return Content(event.user_id, event.item_id, event.type, event.value, event.context, event.review)


def repeats(events: Sequence[Event]) -> tuple[dict[int, int], set[int]]:
    """Return the positions of events that equal an earlier one, with its position; and of those that contradict it."""
    first: dict[Key, int] = {}
    repeated, conflicting = dict[int, int](), set[int]()
    for position, event in enumerate(events):
        earlier = first.setdefault(key_of(event), position)
        if earlier == position:
            continue
        if content_of(events[earlier]) == content_of(event):
            repeated[position] = earlier
        else:
            conflicting.add(position)
    return repeated, conflicting


def stored_contents(events: Sequence[Event]) -> dict[Key, Content]:
    """Return the stored contents under the keys of events, where there are any."""
    keys = [key_of(event) for event in events]
    parameters: dict[str, Any] = {"ids": [event_id for event_id, _ in keys], "times": [at for _, at in keys]}
    with connection.cursor() as cursor:
        cursor.execute(STORED, parameters)
        return {(row[0], row[1]): _content(*row[2:]) for row in cursor.fetchall()}


def _content(
    user: str, item: str, kind: str, value: float | None, context: Any, title: str | None, text: str
) -> Content:
    known = json.loads(context) if isinstance(context, str) else context
    review = None if title is None else {"text": text} | ({"title": title} if title else {})
    return Content(user, item, kind, value, known or {}, review)
