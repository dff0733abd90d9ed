"""Rank what follows where what leads a list has too little: the sources that a placement names, in their order."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from recommender.cache import SOURCES
from recommender.serving.candidates.context import IMPERSONAL, TRENDING, ServingContext
from recommender.serving.candidates.everybody import POPULAR, alone
from recommender.serving.candidates.rankings import Chain, Maker, Ranked
from recommender.serving.candidates.trending import by_window, popular_lately, trending
from recommender.serving.incremental.trends import DAYS

FILLERS = np.array([SOURCES.index(name) for name in IMPERSONAL], np.uint8)
"""Sources (positions in SOURCES) of items that fill a list which something else leads."""


def rank_by_source(context: ServingContext, source: str, window_days: int = 0, fallbacks: Sequence[str] = ()) -> Chain:
    """Rank everything by a source that is the same for everybody, then by the fallbacks, then as usual."""
    if fallbacks:
        return Chain(*_alone(context, source, window_days), followed_by(context, fallbacks))
    if source == TRENDING:
        return trending(context, window_days or DAYS)
    if source == POPULAR and window_days:
        return popular_lately(context, window_days)
    return context.everybody(source)


def followed_by(context: ServingContext, fallbacks: Sequence[str]) -> Chain:
    """Rank everything by the fallbacks in their order, then as usual: by popularity, by age, and the rest."""
    return Chain(*(part for name in fallbacks for part in _alone(context, name)), context.everybody())


def without_fillers(ranked: Ranked) -> Ranked:
    """Leave out the items of a user's list that only fill it, as usual: the fallbacks take their place."""
    return ranked.take(np.isin(ranked.sources, FILLERS, invert=True))


def _alone(context: ServingContext, source: str, window_days: int = 0) -> list[Maker]:
    """Return the rankings of one source, without what follows it as usual."""
    if source == TRENDING or (source == POPULAR and window_days):
        return [partial(by_window, context, source, window_days or DAYS)]
    return alone(context.catalogue, context.release.members.get(POPULAR), source)
