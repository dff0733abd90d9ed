"""Keep trending scores up to date event by event.

`algorithms.trending` scores an item by what each user's latest verdict on it, for or against, is still worth. Worth
halves with time, for all items alike: so an event is stored at ``2 ** ((its time - LANDMARK) / half-life)``, which
never changes, and dividing by the same of the present moment gives its worth. (Cormode, Shkapenyuk, Srivastava and Xu,
"Forward decay: a practical time decay model for streaming systems", 2009, section 3.) A user's new verdict replaces
their last.

What has left the window, was erased, or is weighed otherwise now leaves when the scores are made anew, every
TRENDING_CACHE_TTL_SECS.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone

from interactions.exclusions import COUNTS
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import IdMap
from recommender.models import TrendingScore
from recommender.serving.incremental.verdicts import VERDICT
from recsite.platform import database, feed, generations
from recsite.platform.models import FeedCursor
from recsite.platform.reloading import Reloading

READER, TABLE = "trending", "interactions_interaction"
GENERATION = "trending"
BATCH_ROWS = 20_000
DAYS = 28
HALF_LIFE = timedelta(days=DAYS / 4)
LANDMARK = datetime(2026, 1, 1, tzinfo=UTC)
MOST_DOUBLINGS = 900.0
"""A float ends at 2 ** 1023: some centuries of half-lives."""

OF_EVENT = VERDICT.format(event="event")
VERDICTS = f"""
SELECT event.id, event.user_id, event.item_id, event.occurred_at, {OF_EVENT} AS verdict
FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
WHERE event.occurred_at >= %(since)s AND NOT event.undated AND {OF_EVENT} <> 0
    AND {COUNTS.format(event="event")}
"""
LATEST = "DISTINCT ON (user_id, item_id) user_id, item_id, occurred_at, verdict"
# Of two verdicts at one time the one against the item counts.
ORDER = "ORDER BY user_id, item_id, occurred_at DESC, verdict"

WORTH = "{of}.verdict * power(2, extract(epoch FROM {of}.occurred_at - %(landmark)s) / %(half_life)s)"
ANEW = f"""
INSERT INTO recommender_trendingscore (item_id, score)
SELECT item_id, sum({WORTH.format(of="latest")}) FROM (
    SELECT {LATEST} FROM ({VERDICTS} AND event.id <= %(until)s) AS said {ORDER}
) AS latest GROUP BY item_id
"""
ADD = f"""
INSERT INTO recommender_trendingscore AS known (item_id, score)
SELECT fresh.item_id, sum({WORTH.format(of="fresh")} - coalesce({WORTH.format(of="before")}, 0))
FROM (
    SELECT {LATEST} FROM ({VERDICTS} AND event.id > %(after)s AND event.id <= %(until)s) AS said {ORDER}
) AS fresh LEFT JOIN LATERAL (
    SELECT occurred_at, verdict
    FROM ({VERDICTS} AND event.user_id = fresh.user_id AND event.item_id = fresh.item_id AND event.id <= %(after)s)
        AS said
    ORDER BY occurred_at DESC, verdict LIMIT 1
) AS before ON true
WHERE before.verdict IS NULL OR (fresh.occurred_at, -fresh.verdict) > (before.occurred_at, -before.verdict)
GROUP BY fresh.item_id ORDER BY fresh.item_id
ON CONFLICT (item_id) DO UPDATE SET score = known.score + excluded.score
"""


def advance() -> int:
    """Add the events that have settled; return the number of changed items. Rebuild all when due."""
    changed = 0
    while True:
        with feed.next_batch(READER, TABLE, BATCH_ROWS) as batch:
            if batch.is_ours and _is_due():
                changed += _rebuild(batch.until)
            elif batch:
                changed += _execute(ADD, after=batch.after, until=batch.until)
        if batch.is_last:
            break
    if changed:
        generations.bump(GENERATION)
    return changed


def model() -> ImpersonalModel | None:
    """Return the current scores, at most two seconds old; None where nobody keeps them, or they can't be read."""
    return _copy.current()


def forget() -> None:
    """Start again with nothing read, for tests."""
    _copy.forget()


def _is_due() -> bool:
    made = FeedCursor.objects.get(name=READER).rebuilt_at
    return made is None or timezone.now() - made > timedelta(seconds=settings.TRENDING_CACHE_TTL_SECS)


def _rebuild(until: int) -> int:
    TrendingScore.objects.all().delete()
    FeedCursor.objects.filter(name=READER).update(rebuilt_at=timezone.now())
    return _execute(ANEW, until=until)


def _execute(statement: str, **ids: int) -> int:
    since = timezone.now() - timedelta(days=DAYS)
    parameters: dict[str, Any] = {"landmark": LANDMARK, "half_life": HALF_LIFE.total_seconds(), "since": since, **ids}
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def _read() -> ImpersonalModel | None:
    """Read the scores as they are worth now."""

    def ask() -> ImpersonalModel | None:
        if not FeedCursor.objects.filter(name=READER).exclude(rebuilt_at=None).exists():
            return None
        rows = np.array(list(TrendingScore.objects.order_by("item_id").values_list("item_id", "score")), float)
        rows = rows.reshape(-1, 2)
        grown = 2.0 ** min((timezone.now() - LANDMARK) / HALF_LIFE, MOST_DOUBLINGS)
        return ImpersonalModel(IdMap(rows[:, 0].astype(np.int64)), (rows[:, 1] / grown).astype(np.float32))

    return database.ask(ask)


def _nothing() -> ImpersonalModel | None:
    """Serve no scores where they can't be read; the caller reads the events then."""
    return None


_copy = Reloading(GENERATION, _read, _nothing)
