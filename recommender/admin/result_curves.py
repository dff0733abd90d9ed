"""Draw how often each rank is clicked, of the algorithms that were shown often enough to say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recommender.insight.analytics import RankTotals
from recommender.serving.candidates import POPULAR
from recsite.platform.charts import STYLES, Chart, Series, chart
from recsite.platform.humanize import pluralize
from recsite.platform.units import Unit

ENOUGH = 100
"""Showings of a rank below which its share is chance."""

SHORTEST = 3
"""Ranks that make a curve."""


@dataclass(frozen=True, slots=True)
class Curves:
    """Hold one chart of the curves that can be drawn, and a sentence about the others; no chart where none can."""

    chart: Chart | None
    left_out: str


def of(curves: Mapping[str, Sequence[RankTotals]]) -> Curves:
    """Return the curves of the algorithms that were shown most; popularity is the grey line."""
    shown = {name: sum(point.shown for point in points) for name, points in curves.items()}
    drawn = {
        name: {point.rank: point.click_rate for point in points if point.shown >= ENOUGH}
        for name, points in curves.items()
    }
    known = [name for name in sorted(shown, key=lambda name: -shown[name]) if len(drawn[name]) >= SHORTEST]
    kept = [name for name in known if name != POPULAR][:STYLES]
    lines = [*kept, *(name for name in known if name == POPULAR)]
    rest = [f"{name} ({pluralize(shown[name], 'showing')})" for name in sorted(shown) if name not in known]
    left_out = f"Too few showings for a curve: {', '.join(rest)}." if rest else ""
    if not lines:
        return Curves(None, left_out)
    ranks = list(range(1, max(max(drawn[name]) for name in lines) + 1))
    series = [Series(name, [drawn[name].get(rank) for rank in ranks], is_base=name == POPULAR) for name in lines]
    return Curves(
        chart("Clicked, by rank", ranks, series, unit=Unit.SHARE, sentence=f"Ranks shown {ENOUGH} times at least."),
        left_out,
    )
