"""Sum what shadows do, by day: each process adds its own sums in the database, so they add up over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from prometheus_client import Counter

from recommender.models import Shadow, ShadowDay
from recsite.platform.gathering import Gathering
from recsite.platform.histogram import SIZE, added, adding, bucket_of, quantile
from recsite.platform.humanize import pluralize

LENGTH = 10
"""The first items of two lists that are compared."""

MOST_WAITING = 10_000
"""Outcomes that a process holds while PostgreSQL is down; beyond, the oldest are dropped."""

COLUMNS = "shadow_id, day, lists, overlap, equal, errors, dropped, buckets, live_buckets"


# What was found of a shadow that is gone by now is nobody's.
ADD = f"""
INSERT INTO recommender_shadowday AS known ({COLUMNS})
SELECT %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::bigint[] FROM recommender_shadow WHERE id = %s
ON CONFLICT (shadow_id, day) DO UPDATE SET lists = known.lists + excluded.lists,
    overlap = known.overlap + excluded.overlap, equal = known.equal + excluded.equal,
    errors = known.errors + excluded.errors, dropped = known.dropped + excluded.dropped,
    {adding("buckets")}, {adding("live_buckets")}
"""


class Outcome(NamedTuple):
    """Tell what became of one list that a shadow was to make."""

    shadow: int
    overlap: float = 0.0
    is_equal: bool = False
    seconds: float | None = None
    """How long the candidate took; None where it made no list."""
    live_seconds: float = 0.0
    error: str = ""
    """Why it failed; where it neither failed nor made a list, it was left out."""


def note(outcome: Outcome) -> None:
    """Note what became of a list. Cheap: it only goes into a queue."""
    outcomes.add(outcome)


def flush() -> int:
    """Store what this process has noted; return the number of outcomes. Raises DatabaseDown."""
    return outcomes.flush()


def store(taken: Sequence[Outcome]) -> None:
    """Add outcomes to the sums. Raises the database's errors."""
    today = datetime.now(UTC).date()
    sums: dict[int, _Sums] = {}
    for one in taken:
        sums.setdefault(one.shadow, _Sums()).add(one)
    # In one order in every process, so that none waits for another that waits for it.
    with transaction.atomic(), connection.cursor() as cursor:
        for shadow, found in sorted(sums.items()):
            cursor.execute(ADD, [shadow, today, *found.columns(), shadow])
            if found.last_error:
                Shadow.objects.filter(pk=shadow).update(last_error=found.last_error[:500])


lost = Counter("shadow_outcomes_lost_total", "Lists that shadows made, and whose outcome could not be stored.")
outcomes: Gathering[Outcome] = Gathering("outcomes of shadows", store, lost, most=MOST_WAITING)


class _Sums:
    """Sum the outcomes of one shadow."""

    def __init__(self) -> None:
        self.lists = self.equal = self.errors = self.dropped = 0
        self.overlap, self.last_error = 0.0, ""
        self.buckets, self.live_buckets = ([0] * SIZE for _ in range(2))

    def add(self, one: Outcome) -> None:
        if one.error:
            self.errors += 1
            self.last_error = one.error
        elif one.seconds is None:
            self.dropped += 1
        else:
            self.lists += 1
            self.overlap += one.overlap
            self.equal += one.is_equal
            self.buckets[bucket_of(one.seconds)] += 1
            self.live_buckets[bucket_of(one.live_seconds)] += 1

    def columns(self) -> tuple[Any, ...]:
        return self.lists, self.overlap, self.equal, self.errors, self.dropped, self.buckets, self.live_buckets


@dataclass(frozen=True, slots=True)
class Report:
    """Tell what a shadow did, over some days."""

    lists: int
    overlap: float | None
    """The mean share of common items among the first LENGTH; None without lists."""
    equal: float | None
    """The share of lists that were equal, in the same order."""
    errors: int
    dropped: int
    seconds: Sequence[float | None]
    """Within which half, and 95 of 100, of the candidate's lists were made."""
    live_seconds: Sequence[float | None]
    """The same of what was shown instead."""

    def __str__(self) -> str:
        failed = f" {pluralize(self.errors, 'list')} failed." if self.errors else " None failed."
        if self.overlap is None or self.equal is None:
            return f"No list was made yet.{failed if self.errors else ''}"
        common = f"{LENGTH * self.overlap:.1f} of {LENGTH} items"
        return f"Over {pluralize(self.lists, 'list')}, {common} are the same; {self.equal:.0%} are equal.{failed}"


def reports(shadows: Sequence[Shadow]) -> dict[int, Report]:
    """Return what each of these shadows did, by its number."""
    days: dict[int, list[ShadowDay]] = {one.pk: [] for one in shadows}
    for row in ShadowDay.objects.filter(shadow__in=days):
        days[row.shadow_id].append(row)
    return {number: _report(rows) for number, rows in days.items()}


def by_day(shadow: Shadow) -> list[tuple[date, Report]]:
    """Return what a shadow did on each day, the latest first."""
    return [(row.day, _report([row])) for row in shadow.days.order_by("-day")]


def _report(rows: Sequence[ShadowDay]) -> Report:
    lists = sum(row.lists for row in rows)
    times = [added(*found) for found in _buckets(rows)]
    return Report(
        lists,
        sum(row.overlap for row in rows) / lists if lists else None,
        sum(row.equal for row in rows) / lists if lists else None,
        sum(row.errors for row in rows),
        sum(row.dropped for row in rows),
        *(tuple(quantile(found, share) for share in (0.5, 0.95)) for found in times),
    )


def _buckets(rows: Sequence[ShadowDay]) -> tuple[list[list[int]], list[list[int]]]:
    return [row.buckets for row in rows], [row.live_buckets for row in rows]
