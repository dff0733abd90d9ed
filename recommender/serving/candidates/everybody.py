"""Rank all items for users of whom nothing is known: what is popular, what is new, and the rest.

Rankings hold for the rows of one base of the catalogue. Where few rows changed they are patched, so that an edit costs
no sorting; what is not available is left in them, and passed by when a page is cut.
"""

import time
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot import NO_DATE, Snapshot
from recommender.cache import SOURCES
from recommender.engine import ranking
from recommender.engine.algorithms.latest import DAY
from recommender.engine.types import UNKNOWN, IntArray
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Chain, Maker, Ranked

POPULAR, LATEST = "popular", "latest"
Rows = NDArray[np.integer]
PARTS = (slice(10_000), slice(10_000, 100_000), slice(100_000, None))
"""The parts of a ranking by age, made one after the other: few pages go further than the first."""


def rank_for_everybody(catalogue: Snapshot, popular: LoadedModel | None, popular_first: bool) -> Chain:
    """Rank all items: by popularity and then by age, or by age first; last those that neither can place."""
    order = (POPULAR, LATEST) if popular_first else (LATEST, POPULAR)
    parts = (part for source in order for part in alone(catalogue, popular, source))
    return Chain(*parts, *(partial(_remaining, catalogue, part) for part in PARTS))


def alone(catalogue: Snapshot, popular: LoadedModel | None, source: str) -> list[Maker]:
    """Return the rankings of what one source can place; none by popularity where no model knows of it."""
    if source == POPULAR:
        return [partial(_popular, catalogue, popular)] if popular else []
    dated, now = _by_date(catalogue), int(time.time())
    # The order begins with what will be published.
    out = dated.rows[int(np.searchsorted(dated.before, -now)) :]
    return [partial(_latest, catalogue, out[part], now) for part in PARTS]


def rows_of_model(catalogue: Snapshot, member: LoadedModel) -> IntArray:
    """Return the catalogue row of each item of the model (its items,); UNKNOWN where the item is gone."""
    ids = member.model.item_ids

    def patch(old: IntArray, changed: Rows) -> IntArray:
        known = ids.rows(catalogue.ids[changed])
        changed, known = changed[known != UNKNOWN], known[known != UNKNOWN]
        if not len(known):
            return old
        rows = old.copy()
        rows[known] = np.where(catalogue.exists[changed], changed, UNKNOWN)
        return rows

    key = ("rows of a model", member.version, member.algorithm)
    return catalogue.lineage.derive(key, catalogue, lambda: catalogue.rows(ids.ids), patch)


def _popular(catalogue: Snapshot, member: LoadedModel) -> Ranked:
    """Rank the items that the model has events of."""

    def make() -> Ranked:
        rows = rows_of_model(catalogue, member)
        scores = member.model.score(np.array([UNKNOWN], np.int32))
        found = Ranked.of(ranking.top_n(scores, len(rows)), POPULAR).reindex(rows)
        return found.take(found.rows != UNKNOWN)

    def patch(old: Ranked, changed: Rows) -> Ranked | None:
        # Gone items are available nowhere; one that the model knows and the catalogue didn't is rare.
        new = catalogue.ids[changed[changed >= len(catalogue.base)]]
        return old if (member.model.item_ids.rows(new) == UNKNOWN).all() else None

    return catalogue.lineage.derive(("popular", member.version, member.algorithm), catalogue, make, patch)


@dataclass(frozen=True, eq=False, slots=True)
class Dated:
    """Hold the rows of all items with a date of publication, the latest first, also those that are not out yet."""

    catalogue: Snapshot
    rows: Rows
    before: Rows
    """Minus the dates, in Unix seconds: sorted as the rows are (n,)."""


def _by_date(catalogue: Snapshot) -> Dated:
    def make() -> Dated:
        return _sorted(catalogue, np.flatnonzero(catalogue.published != NO_DATE))

    def patch(old: Dated, changed: Rows) -> Dated:
        dates = old.catalogue.published
        there = changed < len(dates)
        moved = np.ones(len(changed), bool)
        moved[there] = dates[changed[there]] != catalogue.published[changed[there]]
        changed = changed[moved]
        if not len(changed):
            return replace(old, catalogue=catalogue)
        is_moved = np.zeros(len(catalogue), bool)
        is_moved[changed] = True
        stay = ~is_moved[old.rows]
        rows, before = old.rows[stay], old.before[stay]
        new = _sorted(catalogue, changed[catalogue.published[changed] != NO_DATE])
        places = np.searchsorted(before, new.before, side="right")
        return Dated(catalogue, np.insert(rows, places, new.rows), np.insert(before, places, new.before))

    return catalogue.lineage.derive("by date", catalogue, make, patch)


def _sorted(catalogue: Snapshot, rows: Rows) -> Dated:
    before = -catalogue.published[rows]
    order = np.argsort(before, kind="stable")
    return Dated(catalogue, rows[order], before[order])


def _latest(catalogue: Snapshot, rows: Rows, now: int) -> Ranked:
    """Rank rows, sorted by date, by minus their age in days."""
    scores = ((catalogue.published[rows] - now) / DAY).astype(np.float32)
    return Ranked(rows, scores, np.full(len(rows), SOURCES.index(LATEST), np.uint8))


def _remaining(catalogue: Snapshot, part: slice) -> Ranked:
    """Rank a part of what neither source can place, the latest addition first, without scores."""
    start, stop, _ = part.indices(len(catalogue))
    n = max(stop - start, 0)
    rows = len(catalogue) - 1 - np.arange(start, start + n)
    return Ranked(rows, np.full(n, np.nan, np.float32), np.full(n, SOURCES.index(LATEST), np.uint8))
