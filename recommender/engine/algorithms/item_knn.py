"""Find neighbours of items: what the same users chose."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array, vstack

from recommender.engine.feedback import profiles, strengths
from recommender.engine.forms.item_weights import ItemWeightsModel, sharpened
from recommender.engine.types import CannotFit, Dataset, FloatArray, Progress, silent

BLOCK = 20_000_000
"""Likenesses held at a time, as float32."""


@dataclass(frozen=True)
class ItemKNN:
    """Score ``sum over the user's items i of x_i * s_ij`` over the `k` items most like j.

    Sarwar, Karypis, Konstan and Riedl, "Item-based collaborative filtering recommendation algorithms", 2001, with the
    cosine of strengths and the shrinkage of Bell and Koren, 2007: ``s_ij = x_i . x_j / (|x_i| |x_j| + shrinkage)``.
    """

    k: int = 100
    shrinkage: float = 10.0
    power: float = 2.0

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ValueError(f"k is {self.k}; it must be 1 or more.")
        if not self.shrinkage >= 0:
            raise ValueError(f"shrinkage is {self.shrinkage}; it must be 0 or more.")
        if not self.power > 0:
            raise ValueError(f"power is {self.power}; it must be more than 0.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> ItemWeightsModel:
        """Fit the neighbours of the dataset's items. CannotFit where nobody has shown interest in anything."""
        feedback_matrix = strengths(dataset)
        if not feedback_matrix.nnz:
            raise CannotFit("There are no events that speak for an item: collect or import some first.")
        x = csr_array(
            (sharpened(feedback_matrix.data, self.power), feedback_matrix.indices, feedback_matrix.indptr),
            shape=feedback_matrix.shape,
        )
        return ItemWeightsModel(
            user_ids=dataset.user_ids,
            item_ids=dataset.item_ids,
            power=self.power,
            unit=1.0,
            knows=np.bincount(feedback_matrix.indices, minlength=dataset.n_items) > 0,
            profiles=profiles(dataset),
            weights=self._neighbours(x, progress),
        )

    def _neighbours(self, x: csr_array, progress: Progress) -> csr_array:
        """Return the similarities of each item's k nearest, as columns (n_items, n_items)."""
        lengths = np.sqrt(np.asarray(x.multiply(x).sum(axis=0)))
        by_item, size = csr_array(x.T), max(1, BLOCK // max(x.shape[1], 1))
        rows = []
        for start in range(0, x.shape[1], size):
            progress(start / x.shape[1], f"{start:,} of {x.shape[1]:,} items")
            products = (by_item[start : start + size] @ x).tocsr()
            rows.append(self._nearest(products, lengths, start))
        return csr_array(vstack(rows).T)

    def _nearest(self, products: csr_array, lengths: FloatArray, start: int) -> csr_array:
        """Keep the k most similar of each row of a stripe of products (b, n_items), the item itself left out."""
        rows = np.repeat(np.arange(products.shape[0]), np.diff(products.indptr))
        similarities = products.data / (lengths[start + rows] * lengths[products.indices] + self.shrinkage)
        similarities[rows + start == products.indices] = 0
        order = np.lexsort((products.indices, -similarities, rows))
        places = np.arange(len(order)) - products.indptr[rows[order]]
        kept = np.sort(order[(places < self.k) & (similarities[order] > 0)])
        entries = (similarities[kept].astype(np.float32), (rows[kept], products.indices[kept]))
        return csr_array(entries, shape=products.shape)
