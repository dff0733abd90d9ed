"""What is trending now, from the events of the last days."""

import time
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone

from recommender import dataset
from recommender.engine import ranking
from recommender.engine.algorithms.trending import Trending
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import CannotFit
from recommender.serving.candidates.view import TRENDING, Ranked, View
from recommender.serving.incremental import trends
from recommender.serving.incremental.trends import DAYS
from recsite.platform import database
from recsite.platform.database import DatabaseDown

_models: dict[int, tuple[float, ImpersonalModel | None]] = {}
"""By window: until when it holds, and the scores, or None where nothing is trending."""


def trending(view: View, days: int = DAYS) -> Ranked:
    """All available items, those first that people turned to in the last `days`, then the popular ones."""
    n = len(view.catalogue)
    model = _model(days)
    if model is None:
        return view.everybody()
    places = view.catalogue.rows(model.item_ids.ids)
    scores = np.full((1, n), np.nan, np.float32)
    scores[0, places[places >= 0]] = np.where(model.scores > 0, model.scores, np.nan)[places >= 0]
    first = Ranked.of(ranking.top_n(scores, n, allowed=view.catalogue.available), TRENDING)
    return first.filled_up(n, view.everybody())


def forget() -> None:
    """As if the process had just started, for tests."""
    _models.clear()


def _model(days: int) -> ImpersonalModel | None:
    """The usual window is kept up to date from event to event, where somebody does that; others are read."""
    if days == DAYS and (kept := trends.model()) is not None:
        return kept
    until, model = _models.get(days, (0.0, None))
    if time.monotonic() < until:
        return model
    try:
        model = _read(days)
    except DatabaseDown:
        # What was trending an hour ago is better than nothing.
        return model
    _models[days] = time.monotonic() + settings.TRENDING_CACHE_TTL_SECS, model
    return model


def _read(days: int) -> ImpersonalModel | None:
    since = timezone.now() - timedelta(days=days)
    events = database.ask(lambda: dataset.load_dataset(since=since, dated_only=True))
    try:
        return Trending(half_life_days=days / 4, window_days=days).fit(events, np.random.default_rng(0))
    except CannotFit:
        return None
