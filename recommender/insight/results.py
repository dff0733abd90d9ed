"""Add up what lists achieved by placement and algorithm, from totals alone: by hour for a day, by day for more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet, Sum

from recommender.insight.lift import Lift, Slots, over
from recommender.insight.performance import HOUR, Figures, Span
from recommender.models import DailyImpressions, HourlyImpressions

COUNTS = ("lists", "places", "places_clicked", "places_converted")
STEPS = {True: timedelta(hours=1), False: timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold the totals of one hour or day, placement and algorithm."""

    at: datetime
    placement: str
    algorithm: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Results:
    """Hold the cells of a time, and of as much time before it."""

    span: Span
    """The time that is told of."""
    now: Sequence[Cell]
    before: Sequence[Cell]

    @property
    def steps(self) -> Sequence[datetime]:
        """Return when each hour or day of the time begins."""
        step = STEPS[self.span.by == HOUR]
        return [self.span.start + number * step for number in range(round((self.span.end - self.span.start) / step))]


def read(span: Span) -> Results:
    """Read a time and as much before it: one query."""
    begin = span.start - (span.end - span.start)
    cells = list(_cells(Span(begin, span.end, span.by)))
    now = [cell for cell in cells if cell.at >= span.start]
    return Results(span, now, [cell for cell in cells if cell.at < span.start])


def total(cells: Iterable[Cell]) -> Figures:
    """Add up all cells."""
    return sum((cell.figures for cell in cells), Figures())


def by_placement(cells: Iterable[Cell]) -> Mapping[str, Figures]:
    """Add up cells by placement, the one with the most lists first."""
    return _by((cell.placement, cell.figures) for cell in cells)


def by_algorithm(cells: Iterable[Cell]) -> Mapping[str, Figures]:
    """Add up cells by algorithm, the one with the most lists first."""
    return _by((cell.algorithm, cell.figures) for cell in cells)


def over_base(cells: Sequence[Cell], base: str, *, placement: str = "", algorithm: str = "") -> Lift:
    """Return the lift over the base of an algorithm, or of all others; at one placement, or at all."""
    own = [
        cell
        for cell in cells
        if (cell.algorithm == algorithm if algorithm else cell.algorithm != base) and placement in ("", cell.placement)
    ]
    return over(_slots(own), _slots(cell for cell in cells if cell.algorithm == base))


def _slots(cells: Iterable[Cell]) -> Slots:
    found: dict[tuple[date, str], Figures] = {}
    for cell in cells:
        slot = (cell.at, cell.placement)
        found[slot] = found.get(slot, Figures()) + cell.figures
    return found


def _by(named: Iterable[tuple[str, Figures]]) -> Mapping[str, Figures]:
    summed: dict[str, Figures] = {}
    for name, figures in named:
        summed[name] = summed.get(name, Figures()) + figures
    return dict(sorted(summed.items(), key=lambda one: (-one[1].lists, one[0])))


def _cells(span: Span) -> Iterator[Cell]:
    if span.by == HOUR:
        hours = HourlyImpressions.objects.filter(hour__gte=span.start, hour__lt=span.end).order_by()
        for at, where, what, *counts in _summed(hours, "hour"):
            yield Cell(at, where, what, Figures(*counts))
        return
    days = DailyImpressions.objects.filter(day__gte=span.start.date(), day__lt=span.end.date()).order_by()
    for day, where, what, *counts in _summed(days, "day"):
        yield Cell(datetime.combine(day, time(), UTC), where, what, Figures(*counts))


def _summed(rows: QuerySet, step: str) -> QuerySet:
    by = rows.values_list(step, "placement", "algorithm")
    return by.annotate(*map(Sum, COUNTS)).order_by(step, "placement", "algorithm")
