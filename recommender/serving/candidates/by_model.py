"""Rank the items that a model can say something about: the best at once, the others when they are reached."""

from functools import partial

from recommender.engine import ranking
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Chain, Ranked

BEST = 1_000
"""Items that are sorted at once: nearly every page ends there."""


def rank_by_model(context: ServingContext, member: LoadedModel, scores: FloatArray, source: str) -> Chain | None:
    """Rank by scores (1, items of the model); None where it can't say anything about what is available."""
    rows = context.catalogue_rows(member)
    allowed = context.allowed_in(member)
    best = _ranked(scores, allowed, BEST, source).reindex(rows)
    if not len(best):
        return None
    return Chain(best, partial(_all, scores, allowed, source, rows)) if len(best) == BEST else Chain(best)


def _all(scores: FloatArray, allowed: Mask, source: str, rows: IntArray) -> Ranked:
    return _ranked(scores, allowed, scores.shape[1], source).reindex(rows)


def _ranked(scores: FloatArray, allowed: Mask, n: int, source: str) -> Ranked:
    ranked = Ranked.of(ranking.top_n(scores, min(n, scores.shape[1]), allowed=allowed), source)
    assert UNKNOWN not in ranked.rows
    return ranked
