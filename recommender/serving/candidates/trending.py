"""Rank what is trending, or was popular lately, from the events of the last days."""

import time
from collections.abc import Callable

import numpy as np
from django.conf import settings

from recommender.engine import ranking
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.serving.candidates.context import TRENDING, ServingContext
from recommender.serving.candidates.everybody import POPULAR
from recommender.serving.candidates.rankings import NO_ITEMS, Chain, Ranked
from recommender.serving.incremental import item_days, trends
from recommender.serving.incremental.trends import DAYS
from recsite.platform.database import DatabaseDown
from recsite.platform.remembering import remember

MOST_WINDOWS = 16
"""Windows that a process keeps, the last read ones: clients may ask for any."""

READERS: dict[str, Callable[[int], ImpersonalModel | None]] = {
    TRENDING: lambda days: item_days.trending(days),
    POPULAR: lambda days: item_days.popular(days),
}
_models: dict[tuple[str, int], tuple[float, ImpersonalModel | None]] = {}
"""By source and window in days: the monotonic time it expires, and the scores, or None where nothing happened."""


def trending(context: ServingContext, days: int = DAYS) -> Chain:
    """Rank all items: by the events of the last `days`, the latest counting most, then by popularity."""
    return Chain(by_window(context, TRENDING, days), context.everybody())


def popular_lately(context: ServingContext, days: int) -> Chain:
    """Rank all items: by the events of the last `days`, then by popularity ever."""
    return Chain(by_window(context, POPULAR, days), context.everybody())


def by_window(context: ServingContext, source: str, days: int) -> Ranked:
    """Rank the items that have events in the window; none where nothing is known of it."""
    model = _model(source, days)
    return NO_ITEMS if model is None else _by_events(context, source, days, model)


def _by_events(context: ServingContext, source: str, days: int, model: ImpersonalModel) -> Ranked:
    """Rank the items that have events, once for each model and base of the catalogue."""
    held = context.windows.get((source, days))
    if held is None or held[0] is not model:
        scores = np.where(model.scores > 0, model.scores, np.nan)[None]
        ranked = Ranked.of(ranking.top_n(scores, len(model.scores)), source)
        held = model, ranked.reindex(context.catalogue.rows(model.item_ids.ids))
        remember(context.windows, (source, days), held, MOST_WINDOWS)
    return held[1]


def forget() -> None:
    """Start again with nothing read, for tests."""
    _models.clear()


def _model(source: str, days: int) -> ImpersonalModel | None:
    """Return the scores of a window: trending's usual one is kept up to date, others are read once an hour."""
    if source == TRENDING and days == DAYS and (kept := trends.model()) is not None:
        return kept
    until, model = _models.get((source, days), (0.0, None))
    if time.monotonic() < until:
        return model
    try:
        model = READERS[source](days)
    except DatabaseDown:
        # What was so an hour ago is better than nothing.
        return model
    remember(_models, (source, days), (time.monotonic() + settings.TRENDING_CACHE_TTL_SECS, model), MOST_WINDOWS)
    return model
