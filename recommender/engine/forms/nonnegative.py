"""Hold factor models of which no factor is negative."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from recommender.engine.forms.factors import FactorModel
from recommender.engine.types import FloatArray


@dataclass(frozen=True, eq=False)
class NonnegativeFactorModel(FactorModel):
    """Predict a rating as mean + p_u . q_i; the biases only mark which users and items have ratings."""

    form: ClassVar[str] = "nonnegative_factors"

    def _fold_in_one(self, items: NDArray[np.integer], values: FloatArray) -> tuple[np.float64, NDArray[np.float64]]:
        """Find the best non-negative factors for one user: ``sum_i (r_i - mean - p . q_i)^2 + reg * n * |p|^2``.

        By the active-set method of Lawson and Hanson, "Solving Least Squares Problems", 1974, chapter 23.
        """
        factors = self.item_factors[items].astype(np.float64)
        damping = np.sqrt(max(self.reg, 1e-6) * len(items)) * np.eye(factors.shape[1])
        target = np.concatenate([values - self.mean, np.zeros(factors.shape[1])])
        return np.float64(0), nnls(np.concatenate([factors, damping]), target)[0]
