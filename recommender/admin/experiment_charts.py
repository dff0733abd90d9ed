"""Draw how the effect of a variant is known from day to day, and what it is on each day by itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from recommender.engine.experiments import words
from recommender.engine.experiments.effects import Interval
from recommender.engine.experiments.novelty import NoveltyCurve
from recommender.insight.experiments.results import Result

WIDTH, HEIGHT = 300.0, 80.0
MOST = 3.0
"""A lift of 300 %: beyond, an interval is cut, so that one wild day doesn't flatten all others."""

Known = Sequence[tuple[date, Interval]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Hold the points of an SVG, and in words what it shows."""

    title: str
    said: str
    band: str
    line: str
    middle: float
    width: float = WIDTH
    height: float = HEIGHT


def charts_of(variant: str, found: Result) -> list[Chart]:
    """Return the charts of a variant; none before two days can be read."""
    known = [(one.day, one.lift) for one in found.days if one.variant == variant and math.isfinite(one.lift.high)]
    curve = found.novelty.get(variant)
    first = found.days[0].day
    so_far = f"so far: {_lift(known[-1][1])}" if known else ""
    drawn = [_chart(f"{variant}, {so_far}", "Known at the end of each day", known)]
    if curve:
        drawn.append(_chart(f"{variant}, each day by itself", curve.sentence, _by_itself(first, curve)))
    return [one for one in drawn if one]


def _by_itself(first: date, curve: NoveltyCurve) -> Known:
    return [
        (first + timedelta(days=number), Interval(*map(float, ends)))
        for number, ends in enumerate(zip(curve.lifts, curve.low, curve.high, strict=True))
        if all(map(math.isfinite, ends))
    ]


def _lift(found: Interval) -> str:
    return f"{found.estimate:+.1%} ({words.span(found)})"


def _chart(title: str, said: str, known: Known) -> Chart | None:
    if len(known) < 2:
        return None
    cut: list[tuple[Any, list[float]]] = [
        (day, [min(max(end, -MOST), MOST) for end in (one.low, one.estimate, one.high)]) for day, one in known
    ]
    top = max(*(end for _, ends in cut for end in ends), 0.0)
    bottom = min(*(end for _, ends in cut for end in ends), 0.0)
    first, length = known[0][0], (known[-1][0] - known[0][0]).days
    reach = top - bottom or 1.0

    def point(day: date, value: float) -> str:
        return f"{(day - first).days / length * WIDTH:.1f},{(top - value) / reach * HEIGHT:.1f}"

    low, middle, high = ([point(day, ends[at]) for day, ends in cut] for at in range(3))
    about = f"{first:%Y-%m-%d} to {known[-1][0]:%Y-%m-%d}, from {bottom:+.0%} to {top:+.0%}"
    return Chart(
        title,
        f"{said.rstrip('.')}. {about}.",
        " ".join([*high, *reversed(low)]),
        " ".join(middle),
        round(top / reach * HEIGHT, 1),
    )
