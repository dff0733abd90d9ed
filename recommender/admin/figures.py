"""What was measured of a model, in the words of the people who read it."""

from typing import Any

from recommender.models import ModelVersion

MEANINGS = {
    "rmse": ("RMSE", "How far predicted ratings lie from given ones, large errors weighing more. Less is better."),
    "mae": ("MAE", "How far they lie apart on average. Less is better."),
    "ndcg_at_10": ("nDCG@10", "How high the liked items stand in the first ten places, 0 to 1. More is better."),
    "recall_at_10": ("Recall@10", "The share of the liked items that are in the first ten places."),
    "precision_at_10": ("Precision@10", "The share of the first ten places that hold a liked item."),
    "coverage_at_10": ("Coverage@10", "The share of the catalogue that somebody sees in the first ten places."),
    "users": ("People judged", "Those who liked something in the held-out part."),
    "served": ("People served", "Those of them who got a list."),
    "ratings": ("Ratings judged", "Ratings in the held-out part."),
}


def of(version: ModelVersion) -> dict[str, Any]:
    """The table of a version's page; nothing where nothing was measured."""
    own, popular = _own(version), _popular(version)
    rows = [
        {"name": name, "meaning": meaning, "value": _text(own.get(key)), "beside": _text(popular.get(key))}
        for key, (name, meaning) in MEANINGS.items()
        if own.get(key) is not None
    ]
    return {"figures": rows, "figures_note": version.metrics.get("protocol", "")}


def beside(version: ModelVersion, name: str) -> str:
    """A figure, and in brackets that of *popular* on the same split; a dash where nothing was measured."""
    own, popular = _own(version).get(name), _popular(version).get(name)
    if own is None:
        return "–"
    return _text(own) if popular is None else f"{_text(own)} ({_text(popular)})"


def _own(version: ModelVersion) -> dict[str, float | None]:
    return version.metrics.get("metrics") or {}


def _popular(version: ModelVersion) -> dict[str, float | None]:
    return (version.metrics.get("beside") or {}).get("popular") or {}


def _text(figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:.3f}"
