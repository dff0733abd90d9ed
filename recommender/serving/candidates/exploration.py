"""Places of a list that try what nothing is known of yet: new items, placed by content, until they had their chance."""

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
from recommender.models import EXPOSURES_EPOCH, Exposure, Placement
from recommender.serving.candidates.newcomers import likings
from recommender.serving.candidates.view import NO_ITEMS, POPULAR, Pool, Ranked, View
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.reloading import Copy

EXPLORATION = "exploration"
DAY = 86_400
MOST = 500
"""New items among which a person's are chosen: the newest."""


POOL_SECS = 10.0
NOTHING_SHOWN: Mapping[int, int] = {}


def explorers(view: View, placement: Placement, user_id: str, taste: FloatArray) -> Ranked:
    """The new items, those nearest to the person's taste first; without one, in an order that is hers for a day.

    The order depends on nobody else, so the pages of a list fit together.
    """
    if not placement.exploration_share:
        return NO_ITEMS
    rows = pool(view, placement)
    if len(taste):
        worth = likings(view, rows, taste)
    else:
        today = datetime.now(UTC).date()
        worth = np.random.default_rng(crc32(f"{user_id} {today}".encode())).random(len(rows)).astype(np.float32)
    order = np.argsort(-worth, kind="stable")
    unscored = np.full(len(rows), np.nan, np.float32)
    source = np.full(len(rows), SOURCES.index(EXPLORATION), np.uint8)
    return Ranked(rows[order], worth[order] if len(taste) else unscored, source)


def pool(view: View, placement: Placement) -> IntArray:
    """The rows of the catalogue's items that are new: available, young, little turned to, and not shown often enough.

    Young by the date of publication or, without one, of being added. Little turned to: the acts in their favour that
    the live release knows of weigh less than MIN_INTERACTIONS_FOR_CF. It is looked up anew every POOL_SECS.
    """
    limits, shown = (placement.new_for_days, placement.new_for_showings), _shown()
    held = view.pools.get(limits)
    if held is None or held.until < time.monotonic() or held.shown is not shown:
        held = view.pools[limits] = Pool(_pool(view, placement, shown), shown, time.monotonic() + POOL_SECS)
    return held.rows


def _pool(view: View, placement: Placement, shown: Mapping[int, int]) -> IntArray:
    catalogue, now = view.catalogue, int(time.time())
    came = np.where(catalogue.published != NO_DATE, catalogue.published, catalogue.added)
    is_new = catalogue.available & (came > now - placement.new_for_days * DAY) & (came <= now)
    rows = np.flatnonzero(is_new)
    rows = rows[_known_acts(view, rows) < settings.MIN_INTERACTIONS_FOR_CF]
    had_their_chance = [item for item, times in shown.items() if times >= placement.new_for_showings]
    if had_their_chance:
        rows = rows[~np.isin(catalogue.ids[rows], had_their_chance)]
    return rows[np.argsort(-came[rows], kind="stable")][:MOST]


def _known_acts(view: View, rows: IntArray) -> FloatArray:
    """What people's acts in favour of items weigh (n,), as the training knew them."""
    member = view.release.members.get(POPULAR)
    if member is None:
        return np.zeros(len(rows), np.float32)
    places = member.model.item_ids.rows(view.catalogue.ids[rows])
    scores = member.model.score(np.array([UNKNOWN], np.int32))[0]
    known: FloatArray = np.where(places != UNKNOWN, scores[places], 0)
    return known


def _shown() -> Mapping[int, int]:
    """How often items were shown, as far as it is counted."""
    try:
        return _copy.current()
    except DatabaseDown:
        return NOTHING_SHOWN


def forget() -> None:
    """As if the process had just started, for tests."""
    _copy.forget()


def _read() -> dict[int, int]:
    totals = Exposure.objects.order_by().values_list("item").annotate(times=Sum("shown"))
    return dict(database.ask(lambda: list(totals)))


_copy = Copy(EXPOSURES_EPOCH, _read)
