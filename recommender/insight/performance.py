"""Report what lists achieve and how quick they are, by placement, by algorithm and in all: from totals alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from recommender.models import Attribution, ItemImpressions, ListImpression
from recsite.platform.histogram import quantile, summing

HOUR, DAY = "hour", "day"
PLACEMENT, ALGORITHM = "placement", "algorithm"
Z_95 = 1.96
"""Standard deviations of the normal distribution that hold 95 %."""

BUCKETS = summing("buckets")
COUNTS = "coalesce(sum(lists), 0), coalesce(sum(places), 0), coalesce(sum(places_clicked), 0), \
coalesce(sum(places_converted), 0)"
TIMES = """
SELECT date_trunc(%(by)s, hour, 'UTC') AS at, {group}, {counts},
    coalesce(sum(answers), 0), coalesce(sum(cache_hits), 0), {buckets}
FROM recommender_hourlyimpressions WHERE hour >= %(start)s AND hour < %(end)s GROUP BY 1, 2 ORDER BY 1, 2
"""
# Days are older than hours, and know more: their totals were there before those of hours.
DAYS = """
SELECT day::timestamp AT TIME ZONE 'UTC' AS at, {group}, {counts}
FROM recommender_servedday WHERE day >= (%(start)s AT TIME ZONE 'UTC')::date
    AND day::timestamp AT TIME ZONE 'UTC' < %(end)s GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Name a stretch of time, its end excluded, and the steps in which it is told."""

    start: datetime
    end: datetime
    by: str = DAY


@dataclass(slots=True)
class Figures:
    """Add up lists: how often they were shown and clicked, and how long they took."""

    lists: int = 0
    shown: int = 0
    clicks: int = 0
    conversions: int = 0
    answers: int = 0
    cache_hits: int = 0
    buckets: tuple[int, ...] = ()

    def __add__(self, other: "Figures") -> "Figures":
        pairs = zip(self.buckets or (0,) * len(other.buckets), other.buckets or (0,) * len(self.buckets), strict=True)
        return Figures(
            self.lists + other.lists,
            self.shown + other.shown,
            self.clicks + other.clicks,
            self.conversions + other.conversions,
            self.answers + other.answers,
            self.cache_hits + other.cache_hits,
            tuple(one + two for one, two in pairs),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the counts, and the rates that follow from them; null where there is nothing to divide by."""
        return {
            "lists": self.lists,
            "shown": self.shown,
            "clicks": self.clicks,
            "conversions": self.conversions,
            "click_rate": rate(self.clicks, self.shown),
            "click_rate_interval": interval(self.clicks, self.shown),
            "conversion_rate": rate(self.conversions, self.shown),
            "answers": self.answers,
            "cache_hit_rate": rate(self.cache_hits, self.answers),
            "p50_ms": _milliseconds(quantile(self.buckets, 0.5)),
            "p95_ms": _milliseconds(quantile(self.buckets, 0.95)),
        }


def rate(part: int, whole: int) -> float | None:
    """Return a share, None of nothing."""
    return round(part / whole, 6) if whole else None


def interval(part: int, whole: int) -> list[float] | None:
    """Return the 95 % interval of a share: Wilson, "Probable inference", 1927. It holds for few and for rare ones."""
    if not whole:
        return None
    share, square = min(part / whole, 1.0), Z_95**2
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = Z_95 * sqrt(share * (1 - share) / whole + square / (4 * whole**2)) / (1 + square / whole)
    return [round(max(middle - half, 0.0), 6), round(min(middle + half, 1.0), 6)]


def is_sure(now: "Figures", before: "Figures", of: str = "clicks") -> bool:
    """Tell whether the shares of two times differ by more than chance: their intervals have nothing in common."""
    one, other = (interval(getattr(figures, of), figures.shown) for figures in (now, before))
    return bool(one and other) and (one[0] > other[1] or one[1] < other[0])  # type: ignore[index]  # both are there


def series(span: Span, group: str | None) -> dict[tuple[datetime, str], Figures]:
    """Return the figures of each step and group, in order; the group is empty where none is asked for."""
    asked = {"by": span.by, "start": span.start, "end": span.end}
    column = group or "''"
    found: dict[tuple[datetime, str], Figures] = {}
    for at, name, *counts in _rows(TIMES.format(group=column, counts=COUNTS, buckets=BUCKETS), asked):
        lists, shown, clicks, conversions, answers, hits, *buckets = map(int, counts)
        figures = Figures(answers=answers, cache_hits=hits, buckets=tuple(buckets))
        found[at, name] = figures + Figures(lists, shown, clicks, conversions) if span.by == HOUR else figures
    if span.by == DAY:
        for at, name, *counts in _rows(DAYS.format(group=column, counts=COUNTS), asked):
            lists, shown, clicks, conversions = map(int, counts)
            found[at, name] = found.get((at, name), Figures()) + Figures(lists, shown, clicks, conversions)
    return dict(sorted(found.items()))


def totals(steps: Mapping[tuple[datetime, str], Figures]) -> dict[str, Figures]:
    """Return the figures of each group over all steps."""
    found: dict[str, Figures] = {}
    for (_, name), figures in steps.items():
        found[name] = found.get(name, Figures()) + figures
    return found


def different_items(span: Span, group: str | None) -> dict[str, int]:
    """Return how many different items lists showed, by group. Details are kept IMPRESSION_DETAIL_DAYS."""
    rows = _details(span).order_by()
    if group is None:
        return {"": rows.aggregate(n=Count("item_id", distinct=True))["n"]}
    return dict(rows.values_list(f"daily__{group}").annotate(Count("item_id", distinct=True)))


def of_item(item: int, span: Span) -> Figures:
    """Return how often lists showed an item (internal id) in whole days, and what came of it."""
    rows = _details(span).filter(item=item)
    found = rows.aggregate(shown=Sum("shown"), clicked=Sum("clicked"), converted=Sum("converted"))
    return Figures(shown=found["shown"] or 0, clicks=found["clicked"] or 0, conversions=found["converted"] or 0)


def of_user(user_id: str, span: Span) -> Figures:
    """Return what lists a user was shown, and what came of them.

    Totals by user would be a table as large as that of the users: their own lists are found by its index.
    """
    lists = ListImpression.objects.filter(user_id=user_id, served_at__gte=span.start, served_at__lt=span.end)
    shown = list(lists.order_by().values_list("recommendation_id", "items"))
    acted = Attribution.objects.filter(
        recommendation_id__in=[number for number, _ in shown], served_at__gte=span.start, served_at__lt=span.end
    ).order_by()
    found = acted.aggregate(clicks=Count("*"), conversions=Count("converted_at"))
    return Figures(len(shown), sum(len(items) for _, items in shown), found["clicks"], found["conversions"])


def _details(span: Span) -> QuerySet[ItemImpressions]:
    """Return the totals by item of the days that the span touches."""
    last = (span.end - timedelta(microseconds=1)).astimezone(UTC).date()
    return ItemImpressions.objects.filter(daily__day__gte=span.start.astimezone(UTC).date(), daily__day__lte=last)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000 * seconds, 3)


def _rows(statement: str, asked: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()
