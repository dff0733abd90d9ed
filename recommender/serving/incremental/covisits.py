"""Count the items that are viewed in the same session, as sessions go on.

A session is a user's events under one `session_id`, or with pauses of less than half an hour. Its first event for an
item makes a pair with each of the last MOST_PAIRS other items before it. So a pair counts once for a session, and a
robot that opens n items makes n * MOST_PAIRS pairs, not n * n.
"""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from interactions.exclusions import COUNTS
from recommender.models import CoVisit
from recommender.serving.incremental.verdicts import VERDICT
from recsite.platform import feed

READER, TABLE = "sessions", "interactions_interaction"
BATCH_ROWS, MOST_BATCHES = 20_000, 50
"""Events of a batch, and batches of one run: a large import must not keep what comes after it waiting for hours."""

GAP = timedelta(minutes=30)
MOST_PAIRS = 20
KEPT = timedelta(days=90)
"""How long a pair of a single session is kept."""

# A view that led to a dislike, and a rating at the bottom of its scale, are no visits that speak for other items.
FAVOURS = f"""
NOT {{event}}.undated AND {COUNTS.format(event="{event}")} AND EXISTS (
    SELECT FROM interactions_interactiontype AS kind
    WHERE kind.id = {{event}}.type_id AND weight > 0 AND NOT is_negative
        AND coalesce({VERDICT.format(event="{event}")}, 0) >= 0
) AND NOT EXISTS (
    SELECT FROM interactions_interaction AS later JOIN interactions_interactiontype AS kind ON kind.id = later.type_id
    WHERE later.user_id = {{event}}.user_id AND later.item_id = {{event}}.item_id AND NOT later.undated
        AND later.occurred_at >= {{event}}.occurred_at AND {VERDICT.format(event="later")} < 0
)
"""
SESSION = "coalesce(context ->> 'session_id', '')"
SAME = """
other.user_id = act.user_id AND other.id < act.id AND coalesce(other.context ->> 'session_id', '') = act.session
AND other.occurred_at > act.occurred_at - %(gap)s AND other.occurred_at < act.occurred_at + %(gap)s
"""
ADD = f"""
WITH act AS MATERIALIZED (
    SELECT act.* FROM (
        SELECT id, user_id, item_id, occurred_at, type_id, {SESSION} AS session
        FROM interactions_interaction AS event
        WHERE id > %(after)s AND id <= %(until)s AND occurred_at >= %(since)s AND {FAVOURS.format(event="event")}
    ) AS act
    WHERE NOT EXISTS (
        SELECT FROM interactions_interaction AS other
        WHERE {SAME} AND other.item_id = act.item_id AND {FAVOURS.format(event="other")}
    )
), pair AS (
    SELECT act.id, act.item_id, before.item_id AS other_id, act.occurred_at
    FROM act CROSS JOIN LATERAL (
        SELECT item_id FROM (
            SELECT DISTINCT ON (other.item_id) other.item_id, other.id FROM interactions_interaction AS other
            WHERE {SAME} AND other.item_id <> act.item_id AND {FAVOURS.format(event="other")}
            ORDER BY other.item_id, other.id DESC
        ) AS known ORDER BY id DESC LIMIT %(most)s
    ) AS before
), counted AS (
    SELECT least(item_id, other_id) AS item_id, greatest(item_id, other_id) AS other_id, occurred_at FROM pair
    UNION ALL
    SELECT item_id, item_id, occurred_at FROM act
    UNION ALL
    SELECT 0, 0, occurred_at FROM act WHERE NOT EXISTS (SELECT FROM interactions_interaction AS other WHERE {SAME})
)
INSERT INTO recommender_covisit AS known (item_id, other_id, sessions, last_at)
SELECT item_id, other_id, count(*), max(occurred_at) FROM counted GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (item_id, other_id) DO UPDATE
    SET sessions = known.sessions + excluded.sessions, last_at = greatest(known.last_at, excluded.last_at)
"""


def advance() -> int:
    """Count the events that have settled, at most MOST_BATCHES batches; return the number of pairs that changed."""
    return feed.work_off(READER, TABLE, BATCH_ROWS, MOST_BATCHES, _count)


def _count(batch: feed.Batch) -> int:
    limits: dict[str, Any] = {"gap": GAP, "most": MOST_PAIRS, "since": timezone.now() - KEPT}
    with connection.cursor() as cursor:
        cursor.execute(ADD, {"after": batch.after, "until": batch.until, **limits})
        return cursor.rowcount


def prune() -> int:
    """Remove the pairs of a single session that is long over; return their number."""
    return CoVisit.objects.filter(sessions=1, last_at__lt=timezone.now() - KEPT).delete()[0]
