"""Mark the events of users who do more in a minute than a person can, once they are stored.

Counted are events of a weight, by the minute in which they happened. Left out are those that arrive more than an hour
later, and those of the first instant of a day: files and nightly uploads may know the day alone.
"""

from typing import Any

from django.conf import settings
from django.db import connection

from interactions.marks import Mark
from recsite.platform import feed

READER, TABLE = "pace of users", "interactions_interaction"
BATCH_ROWS, MOST_BATCHES = 20_000, 50
PARTS = 60
"""Batches over which a minute may be spread. A minute too full has a part in one of them that is this much of it."""

LIVE = """
NOT {event}.undated AND {event}.received_at - {event}.occurred_at < interval '1 hour'
AND {event}.occurred_at <> date_trunc('day', {event}.occurred_at, 'UTC')
AND {event}.type_id IN (SELECT id FROM interactions_interactiontype WHERE weight > 0 OR scale_min IS NOT NULL)
"""
WITHIN = """
{event}.user_id = {minute}.user_id AND {event}.occurred_at >= {minute}.start
AND {event}.occurred_at < {minute}.start + interval '1 minute'
"""
MARK = f"""
WITH fresh AS MATERIALIZED (
    SELECT user_id, date_trunc('minute', occurred_at) AS start FROM interactions_interaction AS event
    WHERE id > %(after)s AND id <= %(until)s AND {LIVE.format(event="event")}
    GROUP BY 1, 2 HAVING count(*) > %(part)s
), fast AS MATERIALIZED (
    SELECT * FROM fresh WHERE (
        SELECT count(*) FROM interactions_interaction AS event
        WHERE {WITHIN.format(event="event", minute="fresh")} AND {LIVE.format(event="event")}
    ) > %(most)s
)
UPDATE interactions_interaction AS event SET mark = {Mark.TOO_FAST.value}
FROM fast WHERE {WITHIN.format(event="event", minute="fast")} AND mark = 0 AND {LIVE.format(event="event")}
"""


def advance() -> int:
    """Look at the events that have settled; return how many are marked now."""
    return feed.work_off(READER, TABLE, BATCH_ROWS, MOST_BATCHES, _mark)


def _mark(batch: feed.Batch) -> int:
    most = settings.BOT_EVENTS_PER_MINUTE
    if not most:
        return 0
    limits: dict[str, Any] = {"after": batch.after, "until": batch.until, "most": most, "part": most // PARTS}
    with connection.cursor() as cursor:
        cursor.execute(MARK, limits)
        return cursor.rowcount
