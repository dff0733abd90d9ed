"""Draw how the effect of a variant is known from day to day, and what it is on each day by itself."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

from recommender.engine.experiments import words
from recommender.engine.experiments.effects import Interval
from recommender.engine.experiments.novelty import NoveltyCurve
from recommender.insight.experiments.results import Result
from recsite.platform.charts import Chart, Series, chart
from recsite.platform.units import Unit

MOST = 3.0
"""A lift of 300 %: beyond, an interval is cut, so that one wild day doesn't flatten all others."""

Known = Sequence[tuple[date, Interval]]


def charts_of(variant: str, found: Result) -> list[Chart]:
    """Return the charts of a variant; none before two days can be read."""
    known = [(one.day, one.lift) for one in found.days if one.variant == variant and math.isfinite(one.lift.high)]
    curve = found.novelty.get(variant)
    so_far = f"so far: {_lift(known[-1][1])}" if known else ""
    drawn = [_chart(f"{variant}, {so_far}", "Known at the end of each day.", known)]
    if curve:
        by_itself = _by_itself(found.days[0].day, curve)
        drawn.append(_chart(f"{variant}, each day by itself", f"{curve.sentence.rstrip('.')}.", by_itself))
    return [one for one in drawn if one]


def _by_itself(first: date, curve: NoveltyCurve) -> Known:
    return [
        (first + timedelta(days=number), Interval(*map(float, ends)))
        for number, ends in enumerate(zip(curve.lifts, curve.low, curve.high, strict=True))
        if all(map(math.isfinite, ends))
    ]


def _lift(found: Interval) -> str:
    return f"{found.estimate:+.1%} ({words.span(found)})"


def _chart(title: str, sentence: str, known: Known) -> Chart | None:
    if len(known) < 2:
        return None
    found = [interval for _, interval in known]
    low, high = [one.low for one in found], [one.high for one in found]
    series = Series("Change", [one.estimate for one in found], low, high)
    days = [day for day, _ in known]
    return chart(title, days, [series], unit=Unit.CHANGE, sentence=sentence, within=(-MOST, MOST))
