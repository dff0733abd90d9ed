"""Sum up how long answers took, by hour, kind, placement and algorithm: in buckets, which add up over processes.

Those of an experiment's variants are summed up by variant as well, with those that failed.

A request only appends to a queue; the thread that stores impressions sums up and stores.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import accumulate

from django.db import connection, transaction

from recommender.insight.experiments import answers
from recommender.insight.experiments.answers import Made
from recommender.insight.impressions.statements import HOUR, HOURLY

EDGES = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper ends of the buckets in seconds; the last bucket has none."""

HOUR_SECS = 3600
MOST_WAITING = 100_000
"""Answers that a process holds while PostgreSQL is down; beyond, the oldest are dropped."""

ADD = f"""
INSERT INTO recommender_hourlyimpressions AS known ({HOURLY})
VALUES (%s, %s, %s, %s, 0, 0, 0, 0, %s, %s, %s)
ON CONFLICT ({HOUR}) DO UPDATE SET answers = known.answers + excluded.answers,
    cache_hits = known.cache_hits + excluded.cache_hits,
    buckets = (
        SELECT array_agg(coalesce(old, 0) + coalesce(new, 0) ORDER BY number)
        FROM unnest(known.buckets, excluded.buckets) WITH ORDINALITY AS pair (old, new, number)
    )
"""
FAILED = ""
"""Takes the place of the kind where there was no answer."""

Timed = tuple[float, str, str, str, bool, float, str]
waiting: deque[Timed] = deque(maxlen=MOST_WAITING)


def note(kind: str, placement: str, algorithm: str, is_hit: bool, seconds: float, variant: str = "") -> None:
    """Note that an answer took so long to make. Cheap: it only goes into a queue."""
    waiting.append((time.time(), kind, placement, algorithm, is_hit, seconds, variant))


def note_failure(variant: str) -> None:
    """Note that a user got no answer, or not that of their variant."""
    waiting.append((time.time(), FAILED, "", "", False, 0.0, variant))


def store() -> None:
    """Add what waits to the totals. What can't be stored waits on; raises the database's errors."""
    taken = [waiting.popleft() for _ in range(len(waiting))]
    sums: dict[tuple[int, str, str, str], list[int]] = {}
    made: dict[tuple[str, date], Made] = {}
    for at, kind, placement, algorithm, is_hit, seconds, variant in taken:
        bucket = bisect_left(EDGES, seconds)
        if variant:
            day = datetime.fromtimestamp(at, UTC).date()
            made.setdefault((variant, day), Made([0] * (len(EDGES) + 1))).add(bucket, seconds, is_error=kind == FAILED)
        if kind != FAILED:
            counts = sums.setdefault((int(at) // HOUR_SECS, kind, placement, algorithm), [0] * (len(EDGES) + 2))
            counts[bucket] += 1
            counts[-1] += is_hit
    try:
        # In one order in every process, so that none waits for another that waits for it.
        with transaction.atomic(), connection.cursor() as cursor:
            for (hour, *group), (*buckets, hits) in sorted(sums.items()):
                at_hour = datetime.fromtimestamp(hour * HOUR_SECS, UTC)
                cursor.execute(ADD, [at_hour, *group, sum(buckets), hits, buckets])
            answers.store(cursor, made)
    except BaseException:
        waiting.extendleft(reversed(taken))
        raise


def quantile(buckets: Sequence[int], share: float) -> float | None:
    """Return the seconds below which this share of the answers took; linear within a bucket. None without answers."""
    total = sum(buckets)
    if not total:
        return None
    wanted, ends = share * total, (0.0, *EDGES, EDGES[-1])
    for number, reached in enumerate(accumulate(buckets)):
        if reached >= wanted and buckets[number]:
            within = 1 - (reached - wanted) / buckets[number]
            return ends[number] + within * (ends[number + 1] - ends[number])
    return ends[-1]
