"""Turn scores into lists. Pure functions over arrays; NaN means "can't say" and is never listed."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask, Model, RowArray

Top = tuple[RowArray, FloatArray]
"""Item rows (m, n), best first, and their scores; short lists end in UNKNOWN and NaN."""

BLOCK = 1_000_000
"""Scores worked on at a time: 4 MB, so that a block is still in the cache when the best are picked from it."""

MOST_THREADS = 8

Scored = tuple[RowArray, RowArray, FloatArray]
"""User rows (b,), item rows (b, n) and scores (b, n)."""

PADDING = np.iinfo(np.int64).max


def top_n(scores: FloatArray, n: int, seen: csr_array | None = None, allowed: Mask | None = None) -> Top:
    """Return the n best items of each row of `scores` (m, n_items); of equal scores the lower item row first.

    `seen` (m, n_items) holds the items each row must not get, `allowed` (n_items,) those that anybody may get.
    """
    return _select(scores if seen is None and allowed is None else exclude(scores, seen, allowed), n)


def exclude(scores: FloatArray, seen: csr_array | None = None, allowed: Mask | None = None) -> FloatArray:
    """Return a copy of `scores` (m, n_items) with NaN where an item is in the row's `seen`, or not `allowed`."""
    return _strike_out(scores.copy(), seen, allowed)


def chain_lists(n: int, lists: Sequence[Top]) -> tuple[RowArray, FloatArray, NDArray[np.int8]]:
    """Join each row's lists: the first, filled up to n from the second, then the third ...: items, scores, number of
    the list.

    An item stays where it comes first. Scores keep the scale of the list they come from: lists are joined end to end,
    never merged by score.
    """
    rows = np.concatenate([rows for rows, _ in lists], axis=1)
    scores = np.concatenate([scores for _, scores in lists], axis=1)
    sources = np.repeat(np.arange(len(lists), dtype=np.int8), [rows.shape[1] for rows, _ in lists])
    dropped = _repeats(rows) | (rows == UNKNOWN)
    order = np.argsort(dropped, axis=1, kind="stable")[:, :n]
    gone = np.take_along_axis(dropped, order, axis=1)
    return (
        _padded(np.where(gone, UNKNOWN, np.take_along_axis(rows, order, axis=1)), n, UNKNOWN),
        _padded(np.where(gone, np.float32(np.nan), np.take_along_axis(scores, order, axis=1)), n, np.nan),
        _padded(np.where(gone, np.int8(UNKNOWN), sources[order]), n, UNKNOWN),
    )


def diversify(relevance: FloatArray, similarities: FloatArray, diversity: float) -> IntArray:
    """Return an order (n,) of items that weighs relevance (n,) against similarity (n, n) to those that come before.

    Maximal marginal relevance: each place goes to the item with the highest
    ``(1 - diversity) * relevance - diversity * its greatest similarity to an item placed already``; of equal ones to
    the
    first. Both must be of one scale, 0 to 1. Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for
    Reordering Documents and Producing Summaries", 1998, with their lambda as 1 - diversity.
    """
    n = len(relevance)
    order, nearest, left = np.empty(n, np.int64), np.zeros(n, np.float32), np.ones(n, bool)
    for place in range(n):
        worth = np.where(left, (1 - diversity) * relevance - diversity * nearest, -np.inf)
        order[place] = chosen = int(worth.argmax())
        left[chosen] = False
        nearest = np.maximum(nearest, similarities[chosen])
    return order


def score_blocks(
    model: Model,
    rows: RowArray,
    n: int,
    seen: csr_array | None = None,
    allowed: Mask | None = None,
    block: int | None = None,
    threads: int | None = None,
) -> Iterator[Scored]:
    """Return the top n of many users, block by block, in order: their rows (b,), item rows (b, n) and scores (b, n).

    `seen` (len(rows), n_items) is aligned with `rows`. Memory holds a few blocks of scores, however many users there
    are. Several threads (by default one per core, MOST_THREADS at most) take a block each, and BLAS is held to one
    meanwhile: it could only split the product, half of the work.
    """
    size = block or max(16, BLOCK // max(len(model.item_ids), 1))

    def work(start: int) -> Scored:
        part = slice(start, start + size)
        scores = _strike_out(model.score(rows[part]), None if seen is None else seen[part], allowed)
        return (rows[part], *_select(scores, n))

    with threadpool_limits(1, user_api="blas"):
        yield from _ahead(work, range(0, len(rows), size), threads or min(os.cpu_count() or 1, MOST_THREADS))


def _ahead(work: Callable[[int], Scored], tasks: Sequence[int], threads: int) -> Iterator[Scored]:
    """Yield what `work` makes of the tasks, in order, at most one finished result per thread waiting to be taken."""
    if threads == 1:
        yield from map(work, tasks)
        return
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[Scored]] = deque()
        for task in tasks:
            running.append(pool.submit(work, task))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def _strike_out(scores: FloatArray, seen: csr_array | None, allowed: Mask | None) -> FloatArray:
    """Write NaN into `scores` itself for what must not be listed."""
    if seen is not None:
        scores[np.repeat(np.arange(len(scores)), np.diff(seen.indptr)), seen.indices] = np.nan
    if allowed is not None:
        # An addition runs over a block several times faster than assigning through a mask.
        scores += np.where(allowed, np.float32(0), np.float32(np.nan))
    return scores


def _select(scores: FloatArray, n: int) -> Top:
    """Select the n best of each row. A cheap lower bound of the n-th best leaves little more than n items to sort."""
    m, n_items = scores.shape
    chosen = np.flatnonzero(scores >= _lower_bound(scores, n)[:, None])
    rows, items = np.divmod(chosen, n_items)
    counts = np.bincount(rows, minlength=m)
    places = np.arange(len(chosen)) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = np.full((m, max(n, counts.max(initial=0))), PADDING)
    keys[rows, places] = _sort_keys(scores.ravel()[chosen], items)
    keys.sort(axis=1)
    return _from_sort_keys(keys[:, :n])


def _lower_bound(scores: FloatArray, n: int) -> FloatArray:
    """Return a score (m,) that at least n items of the row reach, where so many have one; few others reach it.

    Items are dealt out to groups like cards, and the n-th best of the groups' best is taken: that many items reach it.
    With 4n groups hardly two of the best n share one. Selecting this way took a seventh of the time of argpartition.
    """
    m, n_items = scores.shape
    n_groups = max(4 * n, 256)
    dealt = n_items // n_groups * n_groups
    if dealt < 2 * n_groups or n < 1:
        return np.full(m, -np.inf, np.float32)
    best = np.fmax.reduce(scores[:, :dealt].reshape(m, dealt // n_groups, n_groups), axis=1)
    best[np.isnan(best)] = -np.inf
    best.partition(n_groups - n, axis=1)
    return best[:, n_groups - n]


def _sort_keys(scores: FloatArray, items: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return whole numbers that sort by falling score, then by rising item: one plain sort instead of an indirect one.

    The bits of a float, read as an integer, rise with its value once those of the negative ones are turned round.
    """
    bits = (scores + np.float32(0)).view(np.int32)
    rising = np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits).astype(np.int64)
    return (~rising << 32) | items


def _from_sort_keys(keys: NDArray[np.int64]) -> Top:
    rising = ~(keys >> 32).astype(np.int32)
    bits = np.where(rising < 0, rising ^ np.int32(0x7FFFFFFF), rising)
    padding = keys == PADDING
    items = np.where(padding, UNKNOWN, keys & 0xFFFFFFFF).astype(np.int32)
    return items, np.where(padding, np.float32(np.nan), bits.view(np.float32))


def _repeats(rows: RowArray) -> Mask:
    """Return where an item of a list (m, n) stood further to the left already."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    repeats = np.zeros(rows.shape, bool)
    np.put_along_axis(repeats, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return repeats


def _padded(lists: NDArray[Any], n: int, padding: float) -> NDArray[Any]:
    """Pad lists (m, k) to (m, n), k <= n."""
    return np.pad(lists, ((0, 0), (0, n - lists.shape[1])), constant_values=padding)
