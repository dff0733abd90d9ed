"""What was measured of a model, in the words of the people who read it."""

from typing import Any

from recommender.models import ModelVersion
from recsite.platform.humanize import NOTHING, decimal

MEANINGS = {
    "rmse": ("RMSE", "How far predicted ratings lie from given ones, large errors weighing more. Less is better."),
    "mae": ("MAE", "How far they lie apart on average. Less is better."),
    "interval_coverage": ("Interval coverage", "The share of given ratings within the 95 % interval; 0.95 is right."),
    "ndcg_at_10": ("nDCG@10", "How high the liked items stand in the first ten places, 0 to 1. More is better."),
    "recall_at_10": ("Recall@10", "The share of the liked items that are in the first ten places."),
    "precision_at_10": ("Precision@10", "The share of the first ten places that hold a liked item."),
    "coverage_at_10": ("Coverage@10", "The share of the catalogue that somebody sees in the first ten places."),
    "users": ("People judged", "Those who liked something in the held-out part."),
    "served": ("People served", "Those of them who got a list."),
    "ratings": ("Ratings judged", "Ratings in the held-out part."),
}


def of(version: ModelVersion, live: ModelVersion | None = None) -> dict[str, Any]:
    """The table of a version's page, beside the live version of its algorithm; no rows where nothing was measured."""
    rows = [
        {
            "name": name,
            "meaning": meaning,
            "value": decimal(value(version, key)),
            "live": decimal(value(live, key)) if live else NOTHING,
            "popular": decimal(_popular(version).get(key)),
        }
        for key, (name, meaning) in MEANINGS.items()
        if value(version, key) is not None
    ]
    return {"figures": rows, "figures_note": version.metrics.get("protocol", ""), "live": live}


def beside(version: ModelVersion, name: str) -> str:
    """A figure, and in brackets that of *popular* on the same split; a dash where nothing was measured."""
    own, popular = value(version, name), _popular(version).get(name)
    return decimal(own) if own is None or popular is None else f"{decimal(own)} ({decimal(popular)})"


def value(version: ModelVersion, name: str) -> float | None:
    """One figure; None where it wasn't measured, or can't be."""
    measured: dict[str, float | None] = version.metrics.get("metrics") or {}
    return measured.get(name)


def _popular(version: ModelVersion) -> dict[str, float | None]:
    return (version.metrics.get("beside") or {}).get("popular") or {}
