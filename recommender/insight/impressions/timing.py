"""Sum up how long answers took, by hour, kind, placement and algorithm: in buckets, which add up over processes.

Those of an experiment's variants are summed up by variant as well, with those that failed.

A request only appends to a queue; a thread of the process sums up and stores. See `recsite.platform.histogram`.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import connection, transaction
from prometheus_client import Counter

from recommender.insight.experiments import answers
from recommender.insight.experiments.answers import Made
from recommender.insight.impressions.statements import HOUR, HOURLY
from recsite.platform.gathering import Gathering
from recsite.platform.histogram import SIZE, adding, bucket_of
from recsite.platform.series import noting

HOUR_SECS = 3600
MOST_WAITING = 100_000
"""Answers that a process holds while PostgreSQL is down; beyond, the oldest are dropped."""

ADD = f"""
INSERT INTO recommender_hourlyimpressions AS known ({HOURLY})
VALUES (%s, %s, %s, %s, 0, 0, 0, 0, %s, %s, %s)
ON CONFLICT ({HOUR}) DO UPDATE SET answers = known.answers + excluded.answers,
    cache_hits = known.cache_hits + excluded.cache_hits, {adding("buckets")}
"""
FAILED = ""
"""Takes the place of the kind where there was no answer."""

Timed = tuple[float, str, str, str, bool, float, str]
lost = Counter("answer_times_lost_total", "Answers whose times could not be stored.")


def note(
    kind: str,
    placement: str,
    algorithm: str,
    is_hit: bool,
    seconds: float,
    variant: str = "",
    at: float | None = None,
) -> None:
    """Note that an answer took so long to make, for the totals by hour and for charts. Cheap: it goes into queues.

    `at` is when it was given, in seconds, where that isn't now.
    """
    times.add((time.time() if at is None else at, kind, placement, algorithm, is_hit, seconds, variant))
    noting.answer(placement, algorithm, is_hit, seconds, at)


def note_failure(variant: str) -> None:
    """Note that a user got no answer, or not that of their variant."""
    times.add((time.time(), FAILED, "", "", False, 0.0, variant))


def store(taken: Sequence[Timed]) -> None:
    """Add times to the totals. Raises the database's errors."""
    sums: dict[tuple[int, str, str, str], list[int]] = {}
    made: dict[tuple[str, date], Made] = {}
    for at, kind, placement, algorithm, is_hit, seconds, variant in taken:
        bucket = bucket_of(seconds)
        if variant:
            day = datetime.fromtimestamp(at, UTC).date()
            made.setdefault((variant, day), Made([0] * SIZE)).add(bucket, seconds, is_error=kind == FAILED)
        if kind != FAILED:
            counts = sums.setdefault((int(at) // HOUR_SECS, kind, placement, algorithm), [0] * (SIZE + 1))
            counts[bucket] += 1
            counts[-1] += is_hit
    # In one order in every process, so that none waits for another that waits for it.
    with transaction.atomic(), connection.cursor() as cursor:
        for (hour, *group), (*buckets, hits) in sorted(sums.items()):
            at_hour = datetime.fromtimestamp(hour * HOUR_SECS, UTC)
            cursor.execute(ADD, [at_hour, *group, sum(buckets), hits, buckets])
        answers.store(cursor, made)


times: Gathering[Timed] = Gathering("times of answers", store, lost, most=MOST_WAITING)
