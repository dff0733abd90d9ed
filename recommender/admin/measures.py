"""Show the measures of a model, each with a sentence that explains it."""

from typing import Any

from recommender.models import ModelVersion
from recsite.platform.humanize import EMPTY, decimal

MEANINGS = {
    "rmse": ("RMSE", "How far predicted ratings lie from given ones, large errors weighing more. Less is better."),
    "mae": ("MAE", "How far they lie apart on average. Less is better."),
    "interval_coverage": ("Interval coverage", "The share of given ratings within the 95 % interval; 0.95 is right."),
    "ndcg_at_10": ("nDCG@10", "How high the liked items rank within the first ten, 0 to 1. More is better."),
    "recall_at_10": ("Recall@10", "The share of the liked items that are in the first ten."),
    "precision_at_10": ("Precision@10", "The share of the first ten items that are liked."),
    "coverage_at_10": ("Coverage@10", "The share of the catalogue that is in the first ten of at least one user."),
    "users": ("Users judged", "Users who liked something in the held-out part."),
    "served": ("Users served", "Users judged who got a list."),
    "ratings": ("Ratings judged", "Ratings in the held-out part."),
}


def of(version: ModelVersion, live: ModelVersion | None = None) -> dict[str, Any]:
    """Return the table of a version's page, beside the live version of its algorithm; empty if nothing was measured."""
    rows = [
        {
            "name": name,
            "meaning": meaning,
            "value": decimal(value(version, key)),
            "live": decimal(value(live, key)) if live else EMPTY,
            "popular": decimal(_popular(version).get(key)),
        }
        for key, (name, meaning) in MEANINGS.items()
        if value(version, key) is not None
    ]
    return {"measures": rows, "measures_note": version.metrics.get("protocol", ""), "live": live}


def beside(version: ModelVersion, name: str) -> str:
    """Return a measure, and in brackets that of *popular* on the same split; a dash where nothing was measured."""
    own, popular = value(version, name), _popular(version).get(name)
    return decimal(own) if own is None or popular is None else f"{decimal(own)} ({decimal(popular)})"


def value(version: ModelVersion, name: str) -> float | None:
    """Return one measure; None where it was not measured, or can't be."""
    measured: dict[str, float | None] = version.metrics.get("metrics") or {}
    return measured.get(name)


def _popular(version: ModelVersion) -> dict[str, float | None]:
    return (version.metrics.get("beside") or {}).get("popular") or {}
