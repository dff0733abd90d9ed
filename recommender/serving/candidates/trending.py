"""Rank what is trending, from the events of the last days."""

import time

import numpy as np
from django.conf import settings

from recommender.engine import ranking
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.serving.candidates.context import TRENDING, ServingContext
from recommender.serving.candidates.rankings import Chain, Ranked
from recommender.serving.incremental import item_days, trends
from recommender.serving.incremental.trends import DAYS
from recsite.platform.database import DatabaseDown
from recsite.platform.remembering import remember

MOST_WINDOWS = 16
"""Windows that a process keeps, the last read ones: clients may ask for any."""

_models: dict[int, tuple[float, ImpersonalModel | None]] = {}
"""By window in days: the monotonic time it expires, and the scores, or None where nothing is trending."""


def trending(context: ServingContext, days: int = DAYS) -> Chain:
    """Rank all items: by the events of the last `days`, then by popularity."""
    model = _model(days)
    if model is None:
        return context.everybody()
    return Chain(_by_events(context, days, model), context.everybody())


def _by_events(context: ServingContext, days: int, model: ImpersonalModel) -> Ranked:
    """Rank the items that have events, once for each model and base of the catalogue."""
    held = context.trending.get(days)
    if held is None or held[0] is not model:
        scores = np.where(model.scores > 0, model.scores, np.nan)[None]
        ranked = Ranked.of(ranking.top_n(scores, len(model.scores)), TRENDING)
        held = model, ranked.reindex(context.catalogue.rows(model.item_ids.ids))
        remember(context.trending, days, held, MOST_WINDOWS)
    return held[1]


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
    remember(_models, days, (time.monotonic() + settings.TRENDING_CACHE_TTL_SECS, model), MOST_WINDOWS)
    return model
