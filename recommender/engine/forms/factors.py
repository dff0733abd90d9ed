"""Hold factor models, in the one form that they take whatever trained them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.forms.latent import NAN, check_shapes, cosines, unexplained
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, RowArray


@dataclass(frozen=True, eq=False)
class FactorModel:
    """Predict a rating as mean + b_u + b_i + p_u . q_i, with d factors.

    A bias of NaN marks a user or an item without any rating: whatever is computed with it is NaN, "can't say".
    Scores are predicted ratings before they are clipped to the scale, so that the best don't tie at its end.
    """

    form: ClassVar[str] = "factors"

    user_ids: IdMap
    item_ids: IdMap
    mean: float
    scale_min: float
    scale_max: float
    reg: float
    """The regularisation per rating that it was trained with; folding in uses it again."""
    user_bias: FloatArray
    item_bias: FloatArray
    user_factors: FloatArray
    """(n_users, d)"""
    item_factors: FloatArray
    """(n_items, d)"""

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items): predicted ratings, not clipped."""
        return self._scores(np.where(rows == UNKNOWN, NAN, self.user_bias[rows]), self.user_factors[rows])

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of users known by their ratings; NaN for somebody without any."""
        return self._scores(*self.fold_in(histories.ratings))

    def fold_in(self, known: csr_array) -> tuple[FloatArray, FloatArray]:
        """Return the bias (m,) and factors (m, d) of new users from their ratings (m, n_items), the items held fixed.

        Ridge regression over the user's n ratings: the b and p with the least
        ``sum_i (r_i - mean - b_i - b - p . q_i)^2 + reg * n * (b^2 + |p|^2)``.
        The penalty grows with n because stochastic gradient descent applies `reg` once per rating.
        """
        bias = np.full(known.shape[0], NAN)
        factors = np.zeros((known.shape[0], self.item_factors.shape[1]), np.float32)
        for person, (start, end) in enumerate(pairwise(known.indptr)):
            items, values = known.indices[start:end], known.data[start:end]
            rated = ~np.isnan(self.item_bias[items])
            if rated.any():
                bias[person], factors[person] = self._fold_in_one(items[rated], values[rated])
        return bias, factors

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return predicted ratings (n,), clipped to the scale; their standard deviation is NaN: this form doesn't
        know it.
        """
        known = (rows != UNKNOWN) & (cols != UNKNOWN)
        offset = np.float32(self.mean) + self.user_bias[rows] + self.item_bias[cols]
        rating = offset + np.einsum("nd,nd->n", self.user_factors[rows], self.item_factors[cols])
        clipped = np.clip(rating, np.float32(self.scale_min), np.float32(self.scale_max))
        return np.where(known, clipped, NAN), np.full(len(rows), NAN)

    def predict_history(self, history: Histories, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Predict as `predict` does (n,) for one user whom the model has never seen."""
        scores = np.append(self.score_histories(history)[0], NAN)
        clipped = np.clip(scores[cols], np.float32(self.scale_min), np.float32(self.scale_max))
        return np.where(cols == UNKNOWN, NAN, clipped), np.full(len(cols), NAN)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return NaN (n, n_profile): no item of the history speaks for another alone."""
        return unexplained(history, cols)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the cosine (m, n_items) of item factors, -1..1; NaN for an item without ratings."""
        return cosines(self.item_factors, ~np.isnan(self.item_bias), cols)

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs; the four scalars in one float64 array."""
        return {
            "constants": np.array([self.mean, self.scale_min, self.scale_max, self.reg]),
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "user_bias": self.user_bias,
            "item_bias": self.item_bias,
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
        mean, scale_min, scale_max, reg = (float(constant) for constant in arrays["constants"])
        model = cls(
            user_ids=IdMap(np.asarray(arrays["user_ids"], np.int64)),
            item_ids=IdMap(np.asarray(arrays["item_ids"], np.int64)),
            mean=mean,
            scale_min=scale_min,
            scale_max=scale_max,
            reg=reg,
            user_bias=np.asarray(arrays["user_bias"], np.float32),
            item_bias=np.asarray(arrays["item_bias"], np.float32),
            user_factors=np.asarray(arrays["user_factors"], np.float32),
            item_factors=np.asarray(arrays["item_factors"], np.float32),
        )
        model._check_shapes()
        return model

    def _scores(self, bias: FloatArray, factors: FloatArray) -> FloatArray:
        scores: FloatArray = factors @ self.item_factors.T
        scores += self.item_bias
        scores += (bias + np.float32(self.mean))[:, None]
        return scores

    def _fold_in_one(self, items: NDArray[np.integer], values: FloatArray) -> tuple[np.float64, NDArray[np.float64]]:
        """Return the ridge solution for one user: `values` (n,) given to `items` (n,), n > 0."""
        design = np.ones((len(items), 1 + self.item_factors.shape[1]))
        design[:, 1:] = self.item_factors[items]
        residual = values - self.mean - self.item_bias[items]
        gram = design.T @ design
        gram[np.diag_indices_from(gram)] += max(self.reg, 1e-6) * len(items)
        solution = np.linalg.solve(gram, design.T @ residual)
        return solution[0], solution[1:]

    def _check_shapes(self) -> None:
        n_factors = self.item_factors.shape[-1]
        wanted = {
            "user_bias": (len(self.user_ids),),
            "item_bias": (len(self.item_ids),),
            "user_factors": (len(self.user_ids), n_factors),
            "item_factors": (len(self.item_ids), n_factors),
        }
        check_shapes(self, wanted)
