"""How good ratings and lists are. Vectorised; a figure that nothing supports is NaN."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.types import UNKNOWN, FloatArray, Mask, RowArray

Shares = NDArray[np.float64]
"""One figure from 0 to 1 for each list (m,)."""


def rmse(predicted: FloatArray, actual: FloatArray) -> float:
    """Root of the mean squared error over the pairs (n,) that have a prediction."""
    return float(np.sqrt(mean(_errors(predicted, actual) ** 2)))


def mae(predicted: FloatArray, actual: FloatArray) -> float:
    """Mean absolute error over the pairs (n,) that have a prediction."""
    return mean(np.abs(_errors(predicted, actual)))


def hits(lists: RowArray, relevant: csr_array) -> Mask:
    """Which places of the lists (m, k) hold an item that is in the row's `relevant` (m, n_items)."""
    n_items = relevant.shape[1]
    wanted = np.repeat(np.arange(len(lists)), np.diff(relevant.indptr)) * n_items + relevant.indices
    listed = np.arange(len(lists))[:, None] * n_items + lists
    return np.isin(listed, wanted) & (lists != UNKNOWN)


def ndcg(hit: Mask, n_relevant: NDArray[np.integer]) -> Shares:
    """Normalised discounted cumulative gain (m,) of lists with these hits (m, k), gains 0 or 1.

    A hit at place p (from 1) gains 1 / log2(p + 1); the ideal list has min(k, n_relevant) hits at its head.
    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002.
    """
    k = hit.shape[1]
    discounts = 1 / np.log2(np.arange(k) + 2)
    ideal = np.concatenate([[0], np.cumsum(discounts)])[np.minimum(n_relevant, k)]
    return hit @ discounts / ideal


def recall(hit: Mask, n_relevant: NDArray[np.integer]) -> Shares:
    """Share (m,) of the relevant items that the lists hold."""
    return hit.sum(axis=1) / n_relevant


def precision(hit: Mask) -> Shares:
    """Share (m,) of the places that hold a relevant item; an empty place holds none."""
    return hit.mean(axis=1)


def coverage(lists: RowArray, n_items: int) -> float:
    """Share of the catalogue that is in anybody's list."""
    return len(np.unique(lists[lists != UNKNOWN])) / n_items


def _errors(predicted: FloatArray, actual: FloatArray) -> NDArray[np.float64]:
    said = ~np.isnan(predicted)
    return predicted[said].astype(np.float64) - actual[said]


def mean(values: NDArray[np.float64]) -> float:
    """The mean, NaN where there is nothing to average."""
    return float(values.mean()) if len(values) else float("nan")
