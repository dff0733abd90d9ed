"""Compare two releases by the same held-out events, as far as their evaluations allow: else nothing is said.

Each training holds out the latest events, so the figures of two releases are mostly of different ones: what was easy to
foresee in one week isn't in the next. A difference of such figures says nothing of the models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.engine.evaluation import comparison
from recommender.engine.evaluation.comparison import LISTS, RATINGS, Difference
from recommender.models import ModelVersion
from recommender.operations.compare import Side
from recommender.serving.candidates import POPULAR

NDCG, RMSE = "nDCG@10", "RMSE"
LIVE = "live"
"""What the quality gate calls the model that was live when one was trained."""


@dataclass(frozen=True, slots=True)
class Fair:
    """Hold a difference on the same events, or why there is none."""

    difference: Difference | None = None
    why_not: str = ""


def compare(name: str, a: Side, b: Side) -> Fair:
    """Compare NDCG or RMSE of two sides, `b` the newer one."""
    of = LISTS if name == NDCG else RATINGS
    older, newer = (side.leader if of == LISTS else side.rater for side in (a, b))
    if older is None or newer is None:
        return Fair(why_not=f"{(a if older is None else b).title} has none")
    if comparison.is_same_split(older.metrics, newer.metrics):
        figures = comparison.compare({of: older.metrics}, {of: newer.metrics})
        return Fair(next((one for one in figures if one.name == name), None))
    if older.algorithm == POPULAR and (found := comparison.against_rival(name, newer.metrics, POPULAR)):
        return Fair(found)
    if _is_same_recipe(older, newer):
        return Fair(why_not=f"same settings as {a.number}, newer events")
    # The gate has judged it beside what was live then, which is what it replaced.
    if b.replaced == a.number and (found := comparison.against_rival(name, newer.metrics, LIVE)):
        return Fair(found)
    return Fair(why_not=f"{a.number} was judged by other events")


def times_popularity(side: Side) -> float | None:
    """Return how many times as good as popularity its lists are, on the same events; None where that isn't known."""
    metrics: Mapping[str, Any] = side.leader.metrics if side.leader else {}
    own = (metrics.get("metrics") or {}).get("ndcg_at_10")
    popular = ((metrics.get("beside") or {}).get(POPULAR) or {}).get("ndcg_at_10")
    return own / popular if own is not None and popular else None


def _is_same_recipe(one: ModelVersion, other: ModelVersion) -> bool:
    return one.algorithm == other.algorithm and one.settings == other.settings
