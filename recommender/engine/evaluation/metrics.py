"""Measure ratings and lists. Vectorised; a figure that nothing supports is NaN."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.types import UNKNOWN, FloatArray, Mask, RowArray

Shares = NDArray[np.float64]
"""One figure from 0 to 1 for each list (m,)."""


def rmse(predicted: FloatArray, actual: FloatArray) -> float:
    """Return the root of the mean squared error over the pairs (n,) that have a prediction."""
    return float(np.sqrt(mean(_errors(predicted, actual) ** 2)))


def mae(predicted: FloatArray, actual: FloatArray) -> float:
    """Return the mean absolute error over the pairs (n,) that have a prediction."""
    return mean(np.abs(_errors(predicted, actual)))


def hits(lists: RowArray, relevant: csr_array) -> Mask:
    """Return which places of the lists (m, k) hold an item that is in the row's `relevant` (m, n_items)."""
    n_items = relevant.shape[1]
    wanted = np.repeat(np.arange(len(lists)), np.diff(relevant.indptr)) * n_items + relevant.indices
    listed = np.arange(len(lists))[:, None] * n_items + lists
    return np.isin(listed, wanted) & (lists != UNKNOWN)


def ndcg(hit: Mask, n_relevant: NDArray[np.integer]) -> Shares:
    """Return the normalised discounted cumulative gain (m,) of lists with these hits (m, k), gains 0 or 1.

    A hit at place p (from 1) gains 1 / log2(p + 1); the ideal list has min(k, n_relevant) hits at its head.
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002.
    """
    k = hit.shape[1]
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0], np.cumsum(discounts)])[np.minimum(n_relevant, k)]
    return hit @ discounts / ideal


def recall(hit: Mask, n_relevant: NDArray[np.integer]) -> Shares:
    """Return the share (m,) of the relevant items that the lists hold."""
    return hit.sum(axis=1) / n_relevant


def precision(hit: Mask) -> Shares:
    """Return the share (m,) of the places that hold a relevant item; an empty place holds none."""
    return hit.mean(axis=1)


def average_precision(hit: Mask, n_relevant: NDArray[np.integer]) -> Shares:
    """Return the mean of the precisions at the places of the hits (m,), over min(k, n_relevant): its mean over users is
    MAP.
    """
    precisions = np.cumsum(hit, axis=1) / np.arange(1, hit.shape[1] + 1)
    return (precisions * hit).sum(axis=1) / np.minimum(n_relevant, hit.shape[1])


def reciprocal_rank(hit: Mask) -> Shares:
    """Return one through the place of the first hit (m,), 0 without one: its mean over users is MRR."""
    return np.where(hit.any(axis=1), 1 / (1 + hit.argmax(axis=1)), 0.0)


def novelty(lists: RowArray, choosers: NDArray[np.integer], n_users: int) -> float:
    """Return the mean self-information in bits, ``-log2(share of the users who chose the item)``, over the places of
    all lists.

    Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", 2010. An item that nobody
    chose counts as chosen by one.
    """
    shares = np.maximum(choosers[lists[lists != UNKNOWN]], 1) / max(n_users, 1)
    return mean(-np.log2(shares))


def gini(lists: RowArray, n_items: int) -> float:
    """Return how unequally the lists share their places among all items: 0 where each has as many, 1 where one has
    all.
    """
    places = np.sort(np.bincount(lists[lists != UNKNOWN], minlength=n_items))
    total = places.sum()
    if not total:
        return float("nan")
    return float((2 * np.arange(1, n_items + 1) - n_items - 1) @ places / (n_items * total))


def diversity(lists: RowArray, likeness: csr_array) -> float:
    """Return the mean over lists of 1 - the mean cosine of two of their items, by who chose them.

    Ziegler et al., "Improving recommendation lists through topic diversification", 2005, with the choices (n_users,
    n_items) in the place of topics. Lists of fewer than two items are left out.
    """
    lengths = np.sqrt(np.asarray(likeness.multiply(likeness).sum(axis=0)))
    by_item = csr_array(likeness.T)
    found = []
    for row in lists:
        items = row[row != UNKNOWN]
        if len(items) > 1:
            rows = by_item[items]
            cosines = (rows @ rows.T).toarray() / np.maximum(np.outer(lengths[items], lengths[items]), 1e-9)
            found.append(1 - (cosines.sum() - np.trace(cosines)) / (len(items) * (len(items) - 1)))
    return mean(np.array(found))


def interval(values: Shares, rng: np.random.Generator, draws: int = 1_000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean (Efron 1979, percentiles); NaN where there are no values."""
    if not len(values):
        return float("nan"), float("nan")
    means = np.array([values[rng.integers(len(values), size=len(values))].mean() for _ in range(draws)])
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def coverage(lists: RowArray, n_items: int) -> float:
    """Return the share of the catalogue that is in anybody's list."""
    return len(np.unique(lists[lists != UNKNOWN])) / n_items


def _errors(predicted: FloatArray, actual: FloatArray) -> NDArray[np.float64]:
    said = ~np.isnan(predicted)
    return predicted[said].astype(np.float64) - actual[said]


def mean(values: NDArray[np.float64]) -> float:
    """Return the mean, NaN where there is nothing to average."""
    return float(values.mean()) if len(values) else float("nan")
