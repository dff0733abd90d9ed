"""Draw the one large chart of the first page: what users or the program do, with what was changed meanwhile."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import Max

from catalog import snapshot
from recommender.insight import performance
from recommender.insight.performance import Figures
from recommender.models import DailyImpressions
from recommender.models.release import PROMOTIONS
from recsite.console.overview.measured import Measured
from recsite.platform.charts import Chart, Mark, Series, chart
from recsite.platform.humanize import pluralize
from recsite.platform.models import AuditEntry
from recsite.platform.thresholds import P95
from recsite.platform.units import Unit, milliseconds

MOST_MARKS = 40
PUBLISHED = ("placement.publish", "placement.revert")
WORDS = {
    "release.promote": "promoted",
    "release.roll_back": "rolled back",
    "release.take_out": "made live",
    "placement.publish": "published",
    "placement.revert": "returned",
}
BY_THE_HOUR = "Lists and clicks are counted by the hour, so this chart shows a day."
BY_THE_DAY = "Different items are counted by the day."
NO_LISTS = "No list was shown in this time, so there is nothing to draw."


def clicks(found: Measured) -> Chart:
    """Draw the share of items shown that were clicked; popularity is what the others are compared with."""
    return _rates(found, "Click-through", "clicks")


def conversions(found: Measured) -> Chart:
    """Draw the share of items shown that were bought, or whatever counts as a conversion."""
    return _rates(found, "Conversion", "conversions")


def requests(found: Measured) -> Chart:
    """Draw requests and errors a minute."""
    points = found.steps
    return chart(
        f"Requests a minute, {found.period.label}",
        [point.at for point in points],
        [
            Series("Requests", [point.count / found.minutes for point in points]),
            Series("Failed", [point.errors / found.minutes for point in points]),
        ],
        unit=Unit.NUMBER,
        sentence="By users and clients; what staff do here is left out.",
        empty="Nobody has asked anything in this time.",
        marks=_marks(found.requests.since, found.requests.until),
    )


def latency(found: Measured) -> Chart:
    """Draw how long requests took."""
    points = found.steps
    limit = (P95.name, P95.limit) if P95.limit else None
    return chart(
        f"How long requests took, {found.period.label}",
        [point.at for point in points],
        [
            Series("95 of 100 within", [milliseconds(point.p95) for point in points]),
            Series("Half within", [milliseconds(point.p50) for point in points]),
        ],
        unit=Unit.MILLISECONDS,
        empty="Nobody has asked anything in this time.",
        marks=_marks(found.requests.since, found.requests.until),
        limit=limit if any((milliseconds(point.p95) or 0) > P95.limit / 2 for point in points) else None,
    )


def coverage(found: Measured) -> Chart:
    """Draw which share of the catalogue the lists of a day have shown: of the placement and source with the most."""
    days = sorted({at.replace(hour=0) for at in found.at})
    rows = DailyImpressions.objects.filter(day__gte=days[0].date()).order_by().values_list("day").annotate(Max("items"))
    shown, of = dict(rows), snapshot.current().count
    return chart(
        f"Coverage, {pluralize(len(days), 'day')}",
        [day.date() for day in days],
        [Series("Of the catalogue", [shown[day.date()] / of if of and day.date() in shown else None for day in days])],
        unit=Unit.SHARE,
        sentence=f"Of the placement and the source that showed most of them. {BY_THE_DAY}",
        empty=NO_LISTS,
        marks=_marks(found.at[0], found.span.end),
    )


TABS: Mapping[str, tuple[str, Callable[[Measured], Chart]]] = {
    "clicks": ("Click-through", clicks),
    "conversions": ("Conversion", conversions),
    "requests": ("Requests", requests),
    "latency": ("Latency", latency),
    "coverage": ("Coverage", coverage),
}
"""By the name in the address: the words on the tab, and what draws it."""


def _rates(found: Measured, title: str, of: str) -> Chart:
    lines = [
        _rate("Popular items", found.popular, found.at, of, is_base=True),
        _rate("All other lists", found.others, found.at, of),
    ]
    said = "Of the items that were shown. The band is where the share surely lies (95 %)."
    is_longer = found.period.drawn > found.period.lists
    return chart(
        f"{title}, {found.period.drawn_label}",
        found.at,
        lines,
        unit=Unit.SHARE,
        sentence=f"{BY_THE_HOUR} {said}" if is_longer else said,
        empty=NO_LISTS,
        marks=_marks(found.at[0], found.span.end),
        within=(0.0, _roof(lines)),
    )


def _rate(
    name: str, figures: Mapping[datetime, Figures], at: Sequence[datetime], of: str, *, is_base: bool = False
) -> Series:
    parts = [(getattr(one, of), one.shown) for one in (figures.get(moment, Figures()) for moment in at)]
    values = [performance.rate(*part) for part in parts]
    if is_base:
        return Series(name, values, is_base=True)
    ends = [performance.interval(*part) or (None, None) for part in parts]
    return Series(name, values, [low for low, _ in ends], [high for _, high in ends])


def _roof(lines: Sequence[Series]) -> float:
    """Return how high the plane is at most: intervals of a few lists would flatten all else."""
    known = [value for line in lines for value in line.values if value is not None]
    return min(3 * max(known, default=0.0) or 1.0, 1.0)


def _marks(since: datetime, until: datetime) -> Iterator[Mark]:
    entries = AuditEntry.objects.filter(verb__in=(*PROMOTIONS, *PUBLISHED), at__gte=since, at__lt=until)
    for one in entries.order_by("-at")[:MOST_MARKS]:
        yield Mark(one.at, f"{one.object_type} {one.object_id} {WORDS[one.verb]} by {one.actor}")
