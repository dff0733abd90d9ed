"""Explore new items: a share of a list's positions goes to them until they had enough impressions."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from zlib import crc32

import numpy as np
from django.conf import settings
from django.db.models import Sum

from catalog.snapshot import NO_DATE
from recommender.cache import SOURCES
from recommender.engine.types import UNKNOWN, FloatArray, IntArray
from recommender.merchandising import ListSettings
from recommender.models import EXPOSURES_GENERATION, Exposure
from recommender.serving.candidates.context import Pool, ServingContext
from recommender.serving.candidates.everybody import POPULAR
from recommender.serving.candidates.new_items import vectors
from recommender.serving.candidates.rankings import NO_ITEMS, Ranked
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.reloading import Reloading

EXPLORATION = "exploration"
DAY = 86_400
MOST = 500
"""The newest items from which a user's are chosen."""


POOL_SECS = 10.0
NOTHING_SHOWN: Mapping[int, int] = {}


def explorers(context: ServingContext, own: ListSettings, user_id: str, taste: FloatArray) -> Ranked:
    """Rank the new items by the user's taste; without one, in a random order that is the user's own for a day.

    The order depends on nobody else, so the pages of a list fit together.
    """
    if not own.new_item_share:
        return NO_ITEMS
    held = pool(context, own)
    rows = held.rows
    if not len(rows):
        return NO_ITEMS
    if len(taste):
        worth = held.vectors @ taste[:-2]
    else:
        today = datetime.now(UTC).date()
        worth = np.random.default_rng(crc32(f"{user_id} {today}".encode())).random(len(rows)).astype(np.float32)
    order = np.argsort(-worth, kind="stable")
    unscored = np.full(len(rows), np.nan, np.float32)
    source = np.full(len(rows), SOURCES.index(EXPLORATION), np.uint8)
    return Ranked(rows[order], worth[order] if len(taste) else unscored, source)


def pool(context: ServingContext, own: ListSettings) -> Pool:
    """Return the new items: available, young, with few events, and not shown often enough.

    Young by the date of publication or, without one, of being added. Few events: those in favour that the live release
    knows of weigh less than MIN_INTERACTIONS_FOR_CF. Read anew every POOL_SECS.
    """
    limits, shown = (own.new_for_days, own.new_for_impressions), _shown()
    held = context.pools.get(limits)
    n_rows, now = len(context.catalogue), time.monotonic()
    if held is None or held.n_rows != n_rows or held.until < now or held.shown is not shown:
        rows = _pool(context, own, shown)
        held = context.pools[limits] = Pool(rows, vectors(context, rows), shown, n_rows, now + POOL_SECS)
    return held


def _pool(context: ServingContext, own: ListSettings, shown: Mapping[int, int]) -> IntArray:
    catalogue, now = context.catalogue, int(time.time())
    came = np.where(catalogue.published != NO_DATE, catalogue.published, catalogue.added)
    is_new = catalogue.available & (came > now - own.new_for_days * DAY) & (came <= now)
    rows = np.flatnonzero(is_new)
    rows = rows[_event_weights(context, rows) < settings.MIN_INTERACTIONS_FOR_CF]
    had_their_chance = [item for item, times in shown.items() if times >= own.new_for_impressions]
    if had_their_chance:
        rows = rows[~np.isin(catalogue.ids[rows], had_their_chance)]
    return rows[np.argsort(-came[rows], kind="stable")][:MOST]


def _event_weights(context: ServingContext, rows: IntArray) -> FloatArray:
    """Return the weight (n,) of the events in favour of items, as the training knew them."""
    member = context.release.members.get(POPULAR)
    if member is None:
        return np.zeros(len(rows), np.float32)
    model_rows = member.model.item_ids.rows(context.catalogue.ids[rows])
    scores = member.model.score(np.array([UNKNOWN], np.int32))[0]
    known: FloatArray = np.where(model_rows != UNKNOWN, scores[model_rows], 0)
    return known


def _shown() -> Mapping[int, int]:
    """Return the impressions of new items, as far as they are counted."""
    try:
        return _copy.current()
    except DatabaseDown:
        return NOTHING_SHOWN


def forget() -> None:
    """Start again with nothing read, for tests."""
    _copy.forget()


def _read() -> dict[int, int]:
    totals = Exposure.objects.order_by().values_list("item").annotate(times=Sum("shown"))
    return dict(database.ask(lambda: list(totals)))


_copy = Reloading(EXPOSURES_GENERATION, _read)
