"""Say how many times as often one kind of lists is clicked as another, and how surely, from totals alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import exp, log, sqrt

from recommender.insight.performance import Z_95, Figures
from recsite.platform.units import significant

FEW = 100
"""Clicks below which nothing is said."""

FEW_OF_BASE = 10
"""Clicks of what is compared with below which the interval would mean nothing."""

NOTHING, TOO_FEW = "nothing to compare with", "too few to say"
Slots = Mapping[tuple[date, str], Figures]
"""What was shown by day (or hour) and placement."""


@dataclass(frozen=True, slots=True)
class Lift:
    """Hold a ratio of two shares with its 95 % interval; without one, why there is none."""

    times: float | None = None
    low: float | None = None
    high: float | None = None
    why_not: str = ""
    is_elsewhere: bool = False
    """Whether it is compared with lists at other placements, since too few were shown at the same ones."""

    @property
    def is_sure(self) -> bool:
        """Tell whether the ratio is more than chance, in either direction."""
        return self.low is not None and self.high is not None and not self.low <= 1 <= self.high

    @property
    def words(self) -> str:
        """Return "1.8 times, sure", or why it can't be said."""
        if self.times is None:
            return self.why_not
        return f"{significant(self.times, 2)} times, {'sure' if self.is_sure else 'inside the noise'}"

    @property
    def ends(self) -> str:
        """Return the interval in words; nothing where there is none."""
        if self.low is None or self.high is None:
            return ""
        said = f"{significant(self.low, 2)} to {significant(self.high, 2)} times"
        return f"{said} those elsewhere" if self.is_elsewhere else said


def lift(pairs: Iterable[tuple[Figures, Figures]]) -> Lift:
    """Return how many times as often the first of each pair is clicked as the second, over all pairs.

    A pair is of one day and placement, so that nothing looks good for standing at a good place or on a good day: the
    ratio of Mantel and Haenszel (1959), its interval that of Greenland and Robins, "Estimation of a common effect
    parameter from sparse follow-up data", 1985. It takes each item shown for a draw of its own.
    """
    above = below = spread = 0.0
    clicks = clicks_of_base = 0
    for own, base in pairs:
        if not own.shown or not base.shown:
            continue
        whole = own.shown + base.shown
        clicks, clicks_of_base = clicks + own.clicks, clicks_of_base + base.clicks
        above += own.clicks * base.shown / whole
        below += base.clicks * own.shown / whole
        both = own.clicks + base.clicks
        spread += (both * own.shown * base.shown - own.clicks * base.clicks * whole) / whole**2
    if not above and not below:
        return Lift(why_not=NOTHING)
    if clicks < FEW or clicks_of_base < FEW_OF_BASE:
        return Lift(why_not=TOO_FEW)
    times, half = above / below, Z_95 * sqrt(max(spread, 0.0) / (above * below))
    return Lift(times, exp(log(times) - half), exp(log(times) + half))


def over(own: Slots, base: Slots) -> Lift:
    """Compare what was shown on the same days at the same placements; where that is too little, at others."""
    same = lift((one, base.get(slot, Figures())) for slot, one in own.items())
    if same.times is not None:
        return same
    of_own, of_base = by_day(own), by_day(base)
    elsewhere = lift((one, of_base.get(day, Figures())) for day, one in of_own.items())
    return replace(elsewhere, is_elsewhere=True) if elsewhere.times is not None else elsewhere


def by_day(slots: Slots) -> dict[date, Figures]:
    """Add up what was shown at all placements, by day."""
    found: dict[date, Figures] = {}
    for (day, _), figures in slots.items():
        found[day] = found.get(day, Figures()) + figures
    return found
