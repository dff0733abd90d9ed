"""Tell how often the lists of releases were clicked while they were live, and popular ones in the same days."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from recommender.insight.lift import Lift, Slots, over
from recommender.insight.performance import Figures
from recommender.insight.stretches import Stretch
from recommender.models import DailyImpressions

COUNTS = ("lists", "places", "places_clicked", "places_converted")


@dataclass(frozen=True, slots=True)
class LiveClicks:
    """Hold what a release's leading model showed while the release was live, by day and placement."""

    own: Slots
    base: Slots
    """What the base, popularity, showed in the same days."""

    @property
    def total(self) -> Figures:
        return sum(self.own.values(), Figures())

    @property
    def over_base(self) -> Lift:
        """Return how many times as often as the base it was clicked."""
        return over(self.own, self.base)


def read(
    leaders: Mapping[int, int], live: Mapping[int, Sequence[Stretch]], base: str, now: datetime
) -> dict[int, LiveClicks]:
    """Return the clicks of releases, given the version that leads each one, and when each was live.

    A day on which two releases with one leading model were live counts for both: totals are kept by model and day.
    """
    days = {number: {day for one in live.get(number, ()) for day in one.days(now)} for number in leaders}
    every = set().union(*days.values())
    if not every:
        return {}
    by_version, of_base = _read(set(leaders.values()), base, min(every))
    return {
        number: LiveClicks(_within(by_version.get(version, {}), days[number]), _within(of_base, days[number]))
        for number, version in leaders.items()
        if days[number]
    }


def _read(versions: Collection[int], base: str, since: date) -> tuple[Mapping[int, Slots], Slots]:
    """Read the totals of versions, and those of the base: two queries."""
    rows = DailyImpressions.objects.filter(day__gte=since).order_by()
    by_version: dict[int, dict[tuple[date, str], Figures]] = {}
    led = rows.filter(version__in=versions).values_list("version", "day", "placement")
    for version, day, placement, *counts in led.annotate(*map(Sum, COUNTS)):
        by_version.setdefault(version, {})[day, placement] = Figures(*counts)
    others = rows.filter(algorithm=base).values_list("day", "placement").annotate(*map(Sum, COUNTS))
    return by_version, {(day, placement): Figures(*counts) for day, placement, *counts in others}


def _within(found: Slots, days: Collection[date]) -> Slots:
    return {slot: figures for slot, figures in found.items() if slot[0] in days}
