"""Count, by item and day, the users who were for an item: what any window of trending adds up.

Reading the events of a window would cost more in every larger table; reading these rows costs as much as there are
items that had feedback, for each day of the window.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import IdMap
from recommender.models import ItemDay
from recommender.serving.incremental.trends import VERDICTS
from recsite.platform import database, feed
from recsite.platform.models import FeedCursor

READER, TABLE = "item days", "interactions_interaction"
BATCH_ROWS, MOST_BATCHES = 20_000, 50
"""Events of a batch, and batches of one run: a large import must not keep what comes after it waiting for hours."""

LONGEST = 365
"""Days that are kept: the longest window a request may ask for."""

FOREVER = 1e12
"""A half-life in days after which nothing of a window has faded."""

MOST_ITEMS = 5_000
"""Items that a window ranks; popular ones follow them."""

LATEST_EVENTS = 100_000
"""Events that are read of a window where nobody counts days (no worker has run yet)."""

DAY_OF = "(occurred_at AT TIME ZONE 'UTC')::date"
BY_DAY = f"SELECT *, {DAY_OF} AS day FROM ({VERDICTS} {{more}}) AS said"
# Of a user's verdicts on one day the last one counts; of two at one time the one against the item.
LAST_OF_DAY = """
SELECT DISTINCT ON (user_id, item_id, day) user_id, item_id, day, occurred_at, verdict
FROM ({events}) AS dated ORDER BY user_id, item_id, day, occurred_at DESC, verdict
"""
ADD = f"""
INSERT INTO recommender_itemday AS known (item_id, day, users)
SELECT fresh.item_id, fresh.day, sum(fresh.verdict - coalesce(before.verdict, 0))
FROM ({LAST_OF_DAY.format(events=BY_DAY.format(more="AND event.id > %(after)s AND event.id <= %(until)s"))}) AS fresh
LEFT JOIN LATERAL (
    SELECT occurred_at, verdict FROM ({VERDICTS} AND event.user_id = fresh.user_id AND event.item_id = fresh.item_id
        AND event.occurred_at >= fresh.day::timestamp AT TIME ZONE 'UTC'
        AND event.occurred_at < (fresh.day + 1)::timestamp AT TIME ZONE 'UTC' AND event.id <= %(after)s) AS said
    ORDER BY occurred_at DESC, verdict LIMIT 1
) AS before ON true
WHERE before.verdict IS NULL OR (fresh.occurred_at, -fresh.verdict) > (before.occurred_at, -before.verdict)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (day, item_id) DO UPDATE SET users = known.users + excluded.users
"""
WORTH = "sum({count} * power(0.5, (%(today)s - day) / %(half_life)s::float8))"
COUNTED = f"""
SELECT item_id, {WORTH.format(count="users")} AS score FROM recommender_itemday WHERE day > %(first)s
GROUP BY item_id ORDER BY score DESC, item_id LIMIT %(most)s
"""
UNCOUNTED = f"""
SELECT item_id, {WORTH.format(count="verdict")} AS score FROM (
    {LAST_OF_DAY.format(events=BY_DAY.format(more="ORDER BY event.occurred_at DESC LIMIT %(events)s"))}
) AS latest GROUP BY item_id ORDER BY score DESC, item_id LIMIT %(most)s
"""


def advance() -> int:
    """Count the events that have settled, at most MOST_BATCHES batches; return the number of changed rows."""
    return feed.work_off(READER, TABLE, BATCH_ROWS, MOST_BATCHES, _count)


def _count(batch: feed.Batch) -> int:
    since = datetime.now(UTC) - timedelta(days=LONGEST)
    with connection.cursor() as cursor:
        cursor.execute(ADD, {"after": batch.after, "until": batch.until, "since": since})
        return cursor.rowcount


def prune() -> int:
    """Delete the days that no window reaches; return the number of rows."""
    return ItemDay.objects.filter(day__lt=_today() - timedelta(days=LONGEST)).delete()[0]


def trending(days: int) -> ImpersonalModel | None:
    """Score items by the feedback of the last `days`, halved after a quarter of them; see `_scores`."""
    return _scores(days, days / 4)


def popular(days: int) -> ImpersonalModel | None:
    """Score items by the feedback of the last `days`, each day counting the same; see `_scores`."""
    return _scores(days, FOREVER)


def _scores(days: int, half_life: float) -> ImpersonalModel | None:
    """Score items by the feedback of the last `days`, halved after `half_life` of them. Raises DatabaseDown.

    None where nothing happened. Where no worker has counted days yet, the latest events stand in.
    """
    today = _today()
    parameters: dict[str, Any] = {
        "today": today,
        "first": today - timedelta(days=days),
        "since": datetime.now(UTC) - timedelta(days=days),
        "half_life": half_life,
        "most": MOST_ITEMS,
        "events": LATEST_EVENTS,
    }
    rows = database.ask(lambda: _rows(parameters))
    if not rows:
        return None
    order = np.argsort([item for item, _ in rows])
    items, scores = np.array(rows, float)[order].T
    return ImpersonalModel(IdMap(items.astype(np.int64)), scores.astype(np.float32))


def _rows(parameters: dict[str, Any]) -> list[tuple[int, float]]:
    is_counted = FeedCursor.objects.filter(name=READER, position__gt=0).exists()
    with connection.cursor() as cursor:
        cursor.execute(COUNTED if is_counted else UNCOUNTED, parameters)
        return cursor.fetchall()


def _today() -> date:
    return datetime.now(UTC).date()
