"""Draw what a placement achieved day by day, with a mark on each day on which something was published."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from recommender.insight import analytics
from recommender.insight.analytics import DayTotals
from recommender.models import Placement, PlacementRevision
from recsite.platform.humanize import EMPTY

DAYS = 28
WIDTH, HEIGHT = 560.0, 100.0
STEP = WIDTH / DAYS


def of(placement: Placement) -> dict[str, Any] | None:
    """Return the chart of the last DAYS days; None where nothing was shown in them."""
    days = analytics.day_totals(placement.name, DAYS)
    if not any(one.shown for one in days):
        return None
    start = datetime.combine(days[0].day, time(), UTC)
    published: dict[date, list[PlacementRevision]] = {}
    for row in placement.revisions.filter(published_at__gte=start).order_by("number"):
        published.setdefault(row.published_at.astimezone(UTC).date(), []).append(row)
    most, top = max(one.shown for one in days), max(one.click_rate or 0.0 for one in days)
    return {
        "days": [_day(number, one, published.get(one.day, ()), most) for number, one in enumerate(days)],
        "lines": _lines(days, top),
        "width": WIDTH,
        "height": HEIGHT,
        "bar": STEP - 2,
        "most": most,
        "top": _percent(top),
        "half": _percent(top / 2),
        "first": days[0].day,
        "last": days[-1].day,
        "has_marks": bool(published),
    }


def _day(number: int, one: DayTotals, revisions: Sequence[PlacementRevision], most: int) -> dict[str, Any]:
    height = one.shown / most * HEIGHT
    return {
        "day": one.day,
        "shown": one.shown,
        "clicked": one.clicked,
        "rate": EMPTY if one.click_rate is None else _percent(one.click_rate),
        "x": f"{number * STEP + 1:.1f}",
        "middle": f"{(number + 0.5) * STEP:.1f}",
        "y": f"{HEIGHT - height:.1f}",
        "bar_height": f"{height:.1f}",
        "published": ", ".join(_published(row) for row in revisions),
    }


def _published(row: PlacementRevision) -> str:
    return f"revision {row.number} by {row.published_by}" if row.published_by else f"revision {row.number}"


def _lines(days: Sequence[DayTotals], top: float) -> list[str]:
    """Return the points of the click-through rate, a line for each run of days on which something was shown."""
    runs: list[list[str]] = [[]]
    for number, one in enumerate(days):
        if one.click_rate is None:
            runs.append([])
            continue
        y = HEIGHT - (one.click_rate / top * HEIGHT if top else 0.0)
        runs[-1].append(f"{(number + 0.5) * STEP:.1f},{y:.1f}")
    # A day alone is a short stroke: a line of one point shows nothing.
    return [" ".join(run if len(run) > 1 else run * 2) for run in runs if run]


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
