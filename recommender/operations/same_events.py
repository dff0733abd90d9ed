"""Compare two releases by the same held-out events, as far as their evaluations allow: else nothing is said.

Each training holds out the latest events, so the figures of two releases are mostly of different ones: what was easy to
foresee in one week isn't in the next. A difference of such figures says nothing of the models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recommender.engine.evaluation import comparison
from recommender.engine.evaluation.comparison import LISTS, Difference
from recommender.models import ModelVersion
from recommender.operations.sides import Side
from recommender.serving.candidates import POPULAR
from recommender.training.gate import LIVE, RIVAL

NDCG, RMSE = "nDCG@10", "RMSE"


@dataclass(frozen=True, slots=True)
class Fair:
    """Hold a difference on the same events, or why there is none."""

    difference: Difference | None = None
    why_not: str = ""
    """In a few words, as a figure's note."""
    explained: str = ""
    """As a sentence, with what would say it."""
    is_same_recipe: bool = False
    """True where both have the same settings, and the newer one has learned from newer events."""


def compare(name: str, a: Side, b: Side) -> Fair:
    """Compare NDCG or RMSE of two sides, `b` the newer one."""
    of = comparison.part_of(name)
    older, newer = (side.leader if of == LISTS else side.rater for side in (a, b))
    if older is None or newer is None:
        return Fair(why_not=f"{(a if older is None else b).title} has none")
    if comparison.is_same_split(older.metrics, newer.metrics):
        figures = comparison.compare({of: older.metrics}, {of: newer.metrics})
        return Fair(next((one for one in figures if one.name == name), None))
    if found := _beside(name, older, newer):
        return Fair(found)
    if found := _beside(name, newer, older):
        return Fair(comparison.turned(found))
    if _recipe(older) == _recipe(newer):
        return Fair(
            why_not=f"same settings as {a.number}, newer events",
            explained="both have the same settings, and the newer one has learned from newer events as well. By the "
            "same events the same settings make the same model, so held-out events can't tell them apart: an "
            "experiment between the two can. A training with other settings is judged beside what is live",
            is_same_recipe=True,
        )
    return Fair(
        why_not=f"{a.number} was judged by other events",
        explained="each was judged by other events, and neither by the quality gate beside the other: the gate judges "
        "a new model beside the one that is live when it is trained. An experiment between the two can say it, and "
        "so can training the settings of one again while the other is live",
    )


def figures(a: Side, b: Side) -> list[Difference]:
    """Return all figures of both, with a difference where the same events judged both."""
    return [_fair(one, a, b) for one in comparison.compare(a.figures, b.figures)]


def slices(a: Side, b: Side) -> dict[str, list[Difference]]:
    """Return the slices of both, likewise."""
    lists = a.figures[LISTS], b.figures[LISTS]
    found = comparison.compare_slices(*lists)
    if comparison.is_same_split(*lists):
        return found
    return {title: [comparison.apart(row) for row in rows] for title, rows in found.items()}


def times_popularity(side: Side) -> float | None:
    """Return how many times as good as popularity its lists are, on the same events; None where that isn't known."""
    metrics: Mapping[str, Any] = side.leader.metrics if side.leader else {}
    own = (metrics.get("metrics") or {}).get("ndcg_at_10")
    popular = ((metrics.get("beside") or {}).get(POPULAR) or {}).get("ndcg_at_10")
    return own / popular if own is not None and popular else None


def _fair(row: Difference, a: Side, b: Side) -> Difference:
    of = comparison.part_of(row.name)
    if comparison.is_same_split(a.figures[of], b.figures[of]):
        return row
    found = compare(row.name, a, b).difference if row.name in (NDCG, RMSE) else None
    return found or comparison.apart(row)


def _beside(name: str, rival: ModelVersion, judged: ModelVersion) -> Difference | None:
    """Return the difference where the evaluation of one has fitted the settings of the other beside it."""
    if rival.algorithm == POPULAR and (found := comparison.against_rival(name, judged.metrics, POPULAR)):
        return found
    # The gate fits the settings of what was live again, so a later version of these settings is meant as well.
    if _recipe(rival) == judged.metrics.get(RIVAL):
        return comparison.against_rival(name, judged.metrics, LIVE)
    return None


def _recipe(version: ModelVersion) -> dict[str, Any]:
    return {"algorithm": version.algorithm, "settings": version.settings}
