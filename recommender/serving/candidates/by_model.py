"""Rank the items that a model can say something about: the best at once, the others when they are reached."""

from collections.abc import Callable, Hashable
from functools import partial

from recommender.engine import ranking
from recommender.engine.types import UNKNOWN, FloatArray
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Chain, Ranked
from recsite.platform.remembering import remember

BEST = 1_000
"""Items that are sorted at once: nearly every page ends there."""

KEPT = 1_000
"""Rankings that a process keeps, the last used ones: those of items are asked for again and again."""


def rank_by_model(
    context: ServingContext,
    member: LoadedModel,
    score: Callable[[], FloatArray],
    source: str,
    kept_as: tuple[Hashable, ...] = (),
) -> Chain | None:
    """Rank by scores (1, items of the model), available or not; None where the model can't say anything.

    With `kept_as` the best are kept under this name, for the rows of the same base of the catalogue.
    """
    key = (member.version, member.algorithm, *kept_as)
    best = context.kept.get(key) if kept_as else None
    if best is None:
        best = _ranked(context, member, score(), BEST, source)
    if kept_as:
        remember(context.kept, key, best, KEPT)
    if not len(best):
        return None
    rest = partial(_all, context, member, score, source)
    return Chain(best, rest) if len(best) == BEST else Chain(best)


def _all(context: ServingContext, member: LoadedModel, score: Callable[[], FloatArray], source: str) -> Ranked:
    return _ranked(context, member, score(), len(member.model.item_ids), source)


def _ranked(context: ServingContext, member: LoadedModel, scores: FloatArray, n: int, source: str) -> Ranked:
    rows = context.catalogue_rows(member)
    return Ranked.of(ranking.top_n(scores, min(n, len(rows)), allowed=rows != UNKNOWN), source).reindex(rows)
