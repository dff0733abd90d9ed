"""Keep trending scores up to date event by event.

`algorithms.trending` scores an item by what each user's latest event in its favour is still worth. Worth halves with
time, for all items alike: so an event is stored at ``2 ** ((its time - LANDMARK) / half-life)``, which never changes,
and dividing by the same of the present moment gives its worth. (Cormode, Shkapenyuk, Srivastava and Xu, "Forward
decay: a practical time decay model for streaming systems", 2009, section 3.) A user's new event replaces their last.

What has left the window, was erased, or is weighed otherwise now leaves when the scores are made anew, every
TRENDING_CACHE_TTL_SECS.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone

from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import IdMap
from recommender.models import TrendingScore
from recsite.platform import database, feed, generations
from recsite.platform.models import FeedCursor
from recsite.platform.reloading import Copy

READER, TABLE = "trending", "interactions_interaction"
EPOCH = "trending"
PIECE = 20_000
DAYS = 28
HALF_LIFE = timedelta(days=DAYS / 4)
LANDMARK = datetime(2026, 1, 1, tzinfo=UTC)
MOST_DOUBLINGS = 900.0
"""A float ends at 2 ** 1023: some centuries of half-lives."""

# The latest event of each user in favour of each item, as the algorithm has it.
FAVOURS = """
CASE WHEN kind.scale_min IS NULL THEN kind.weight > 0 AND NOT kind.is_negative ELSE event.value >= kind.relevant_at END
"""
WORTH = "power(2, extract(epoch FROM {time} - %(landmark)s) / %(half_life)s)"
ANEW = f"""
INSERT INTO recommender_trendingscore (item_id, score)
SELECT item_id, sum({WORTH.format(time="latest")}) FROM (
    SELECT user_id, item_id, max(occurred_at) AS latest
    FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
    WHERE event.id <= %(until)s AND occurred_at >= %(since)s AND NOT undated AND {FAVOURS}
    GROUP BY user_id, item_id
) AS act GROUP BY item_id
"""
ADD = f"""
INSERT INTO recommender_trendingscore AS known (item_id, score)
SELECT item_id, sum({WORTH.format(time="latest")} - coalesce({WORTH.format(time="before")}, 0)) FROM (
    SELECT fresh.user_id, fresh.item_id, fresh.latest, (
        SELECT max(event.occurred_at)
        FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
        WHERE event.user_id = fresh.user_id AND event.item_id = fresh.item_id AND event.occurred_at >= %(since)s
            AND event.id <= %(after)s AND NOT undated AND {FAVOURS}
    ) AS before
    FROM (
        SELECT user_id, item_id, max(occurred_at) AS latest
        FROM interactions_interaction AS event JOIN interactions_interactiontype AS kind ON kind.id = event.type_id
        WHERE event.id > %(after)s AND event.id <= %(until)s AND occurred_at >= %(since)s AND NOT undated AND {FAVOURS}
        GROUP BY user_id, item_id
    ) AS fresh
) AS act WHERE before IS NULL OR latest > before
GROUP BY item_id ORDER BY item_id
ON CONFLICT (item_id) DO UPDATE SET score = known.score + excluded.score
"""


def advance() -> int:
    """Add the events that have settled; return the number of changed items. Rebuild all when due."""
    changed = 0
    while True:
        with feed.piece(READER, TABLE, PIECE) as piece:
            if piece.is_ours and _is_due():
                changed += _rebuild(piece.until)
            elif piece:
                changed += _execute(ADD, after=piece.after, until=piece.until)
        if piece.is_last:
            break
    if changed:
        generations.bump(EPOCH)
    return changed


def model() -> ImpersonalModel | None:
    """Return the current scores, at most two seconds old; None where nobody keeps them, or they can't be read."""
    return _copy.current()


def forget() -> None:
    """Start again with nothing read, for tests."""
    _copy.forget()


def _is_due() -> bool:
    made = FeedCursor.objects.get(name=READER).made_anew_at
    return made is None or timezone.now() - made > timedelta(seconds=settings.TRENDING_CACHE_TTL_SECS)


def _rebuild(until: int) -> int:
    TrendingScore.objects.all().delete()
    FeedCursor.objects.filter(name=READER).update(made_anew_at=timezone.now())
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
        if not FeedCursor.objects.filter(name=READER).exclude(made_anew_at=None).exists():
            return None
        rows = np.array(list(TrendingScore.objects.order_by("item_id").values_list("item_id", "score")), float)
        rows = rows.reshape(-1, 2)
        grown = 2.0 ** min((timezone.now() - LANDMARK) / HALF_LIFE, MOST_DOUBLINGS)
        return ImpersonalModel(IdMap(rows[:, 0].astype(np.int64)), (rows[:, 1] / grown).astype(np.float32))

    return database.ask(ask)


def _nothing() -> ImpersonalModel | None:
    """Serve no scores where they can't be read; the caller reads the events then."""
    return None


_copy = Copy(EPOCH, _read, _nothing)
