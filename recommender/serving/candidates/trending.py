"""Rank what is trending, from the events of the last days."""

import time

import numpy as np
from django.conf import settings

from recommender.engine import ranking
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.serving.candidates.context import TRENDING, Ranked, ServingContext
from recommender.serving.incremental import item_days, trends
from recommender.serving.incremental.trends import DAYS
from recsite.platform.database import DatabaseDown

MOST_WINDOWS = 16
"""Windows that a process keeps, the last read ones: clients may ask for any."""

_models: dict[int, tuple[float, ImpersonalModel | None]] = {}
"""By window in days: the monotonic time it expires, and the scores, or None where nothing is trending."""


def trending(context: ServingContext, days: int = DAYS) -> Ranked:
    """Rank all available items: by the events of the last `days`, then by popularity."""
    n = len(context.catalogue)
    model = _model(days)
    if model is None:
        return context.everybody()
    rows = context.catalogue.rows(model.item_ids.ids)
    scores = np.full((1, n), np.nan, np.float32)
    scores[0, rows[rows >= 0]] = np.where(model.scores > 0, model.scores, np.nan)[rows >= 0]
    first = Ranked.of(ranking.top_n(scores, n, allowed=context.catalogue.available), TRENDING)
    return first.extend_to(n, context.everybody())


def forget() -> None:
    """Start again with nothing read, for tests."""
    _models.clear()


def _model(days: int) -> ImpersonalModel | None:
    """Return the scores of a window: the usual one is kept up to date event by event, others are read once an hour."""
    if days == DAYS and (kept := trends.model()) is not None:
        return kept
    until, model = _models.get(days, (0.0, None))
    if time.monotonic() < until:
        return model
    try:
        model = item_days.trending(days)
    except DatabaseDown:
        # What was trending an hour ago is better than nothing.
        return model
    _models.pop(days, None)
    _models[days] = time.monotonic() + settings.TRENDING_CACHE_TTL_SECS, model
    while len(_models) > MOST_WINDOWS:
        _models.pop(next(iter(_models)), None)
    return model
