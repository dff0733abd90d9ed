"""Rank by what is new: the order follows from the items' dates alone, so there is nothing to fit."""

import numpy as np

from recommender.engine.types import UNDATED, FloatArray, IntArray, Mask, RowArray

DAY = 86_400


def newest_first(published: IntArray, now: int) -> RowArray:
    """Return the rows of the items published (n_items,) by `now`, newest first, then by row; both in Unix seconds.

    Items without a date (UNDATED) and items of the future are left out.
    """
    out = np.flatnonzero(_is_out(published, now))
    return out[np.argsort(-published[out], kind="stable")].astype(np.int32)


def scores(published: IntArray, now: int) -> FloatArray:
    """Return the same order as scores (n_items,) for `ranking.top_n`: minus the age in days; NaN where an item is
    left out.

    Exact for what is new; of items decades old, those some minutes apart may tie.
    """
    out = _is_out(published, now)
    age = now - np.where(out, published, now)
    return np.where(out, -age / DAY, np.nan).astype(np.float32)


def _is_out(published: IntArray, now: int) -> Mask:
    return (published != UNDATED) & (published <= now)
