"""Count the items that the same users buy, as purchases come in, so that no request reads the purchases.

A user's first purchase of an item makes a pair with each of the last MOST_PAIRS other items they bought before. So a
pair counts once for a user, and a reseller who buys n items makes n * MOST_PAIRS pairs, not n * n.
"""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from interactions import types
from interactions.exclusions import COUNTS
from interactions.models import InteractionType
from recommender.models import CoPurchase
from recsite.platform import feed

READER, TABLE = "co-purchases", "interactions_interaction"
BATCH_ROWS, MOST_BATCHES = 20_000, 50
"""Events of a batch, and batches of one run: a large import must not keep what comes after it waiting for hours."""

MOST_PAIRS = 50
KEPT = timedelta(days=365)
"""How long a pair that a single user bought is kept."""

BEFORE = f"""
SELECT FROM interactions_interaction AS other
WHERE other.user_id = bought.user_id AND other.type_id = %(type)s AND other.id < bought.id
    AND {COUNTS.format(event="other")}
"""
ADD = f"""
WITH bought AS MATERIALIZED (
    SELECT bought.* FROM (
        SELECT DISTINCT ON (user_id, item_id) id, user_id, item_id, occurred_at FROM interactions_interaction AS event
        WHERE id > %(after)s AND id <= %(until)s AND type_id = %(type)s AND {COUNTS.format(event="event")}
        ORDER BY user_id, item_id, id
    ) AS bought WHERE NOT EXISTS ({BEFORE} AND other.item_id = bought.item_id)
), pair AS (
    SELECT bought.item_id, before.item_id AS other_id, bought.occurred_at
    FROM bought CROSS JOIN LATERAL (
        SELECT item_id FROM (
            SELECT DISTINCT ON (other.item_id) other.item_id, other.id FROM interactions_interaction AS other
            WHERE other.user_id = bought.user_id AND other.type_id = %(type)s AND other.id < bought.id
                AND other.item_id <> bought.item_id AND {COUNTS.format(event="other")}
            ORDER BY other.item_id, other.id DESC
        ) AS known ORDER BY id DESC LIMIT %(most)s
    ) AS before
), counted AS (
    SELECT least(item_id, other_id) AS item_id, greatest(item_id, other_id) AS other_id, occurred_at FROM pair
    UNION ALL
    SELECT item_id, item_id, occurred_at FROM bought
    UNION ALL
    SELECT 0, 0, occurred_at FROM bought WHERE NOT EXISTS ({BEFORE})
)
INSERT INTO recommender_copurchase AS known (item_id, other_id, users, last_at)
SELECT item_id, other_id, count(*), max(occurred_at) FROM counted GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (item_id, other_id) DO UPDATE
    SET users = known.users + excluded.users, last_at = greatest(known.last_at, excluded.last_at)
"""


def advance() -> int:
    """Count the purchases that have settled, at most MOST_BATCHES batches; return the number of changed pairs."""
    return feed.work_off(READER, TABLE, BATCH_ROWS, MOST_BATCHES, _count)


def _count(batch: feed.Batch) -> int:
    kind = purchase_type()
    if kind is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(ADD, {"after": batch.after, "until": batch.until, "type": kind.pk, "most": MOST_PAIRS})
        return cursor.rowcount


def purchase_type() -> InteractionType | None:
    """Return the type of a purchase: the implicit type that weighs most in favour."""
    kinds = [kind for kind in types.by_name().values() if not kind.is_negative and not kind.rule.scale and kind.weight]
    return max(kinds, key=lambda kind: kind.weight, default=None)


def prune() -> int:
    """Remove the pairs of a single user that are long over; return their number."""
    return CoPurchase.objects.filter(users=1, last_at__lt=timezone.now() - KEPT).delete()[0]
