"""Factorise implicit feedback by alternating least squares, with the implicit library."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

from recommender.engine.feedback import profiles, strengths
from recommender.engine.forms.csr import without_favour
from recommender.engine.forms.implicit_factors import ImplicitFactorModel, confidence
from recommender.engine.types import CannotFit, Dataset, FloatArray, Progress, silent

MOST_SKIPS = 5
"""Times passed over beyond which more of them say no more."""


@dataclass(frozen=True)
class ALS:
    """Score p_u . q_i, with the least ``sum c_ui (t_ui - p_u . q_i)^2 + reg (|p|^2 + |q|^2)`` over all pairs.

    Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", 2008, equations 3 to 5: t is 1
    where there is evidence and 0 elsewhere, the confidence c is ``1 + alpha * x`` with x the strength as a share of the
    strongest, squared. Factors (n_users, d) and (n_items, d).

    Where users were shown an item n times and passed it over (`Dataset.skips`), t is 0 with the confidence
    ``1 + passed_over * min(n, MOST_SKIPS)``: surer than of what they never met.
    """

    n_factors: int = 32
    n_epochs: int = 15
    reg: float = 0.1
    alpha: float = 4.0
    passed_over: float = 0.0

    def __post_init__(self) -> None:
        for name in ("n_factors", "n_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more.")
        for name in ("reg", "alpha"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0.")
        if not self.passed_over >= 0:
            raise ValueError(f"passed_over is {self.passed_over}; it must be 0 or more.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> ImplicitFactorModel:
        """Fit the factors of the dataset's evidence. CannotFit where nobody has shown interest in anything."""
        feedback_matrix = strengths(dataset)
        if not feedback_matrix.nnz:
            raise CannotFit("There are no events that speak for an item: collect or import some first.")
        fitted = self._fitted(self._confidences(dataset, feedback_matrix), int(rng.integers(2**31)), progress)
        chosen = np.bincount(feedback_matrix.indices, minlength=dataset.n_items) > 0
        item_factors = np.where(chosen[:, None], fitted.item_factors, np.float32(0))
        model = ImplicitFactorModel(
            user_ids=dataset.user_ids,
            item_ids=dataset.item_ids,
            reg=self.reg,
            alpha=self.alpha,
            user_factors=np.zeros((dataset.n_users, self.n_factors), np.float32),
            item_factors=item_factors,
            knows=chosen,
            average=np.zeros(self.n_factors, np.float32),
        )
        return _with_users(model, profiles(dataset))

    def _fitted(self, confidences: csr_matrix, seed: int, progress: Progress) -> Any:
        library = _implicit_als()
        # The library uses threads of its own, and BLAS's would get in their way.
        with threadpool_limits(1, user_api="blas"):
            als = library(factors=self.n_factors, regularization=self.reg, iterations=self.n_epochs, random_state=seed)
            als.fit(confidences, show_progress=False, callback=self._teller(progress))
        return als

    def _confidences(self, dataset: Dataset, feedback_matrix: csr_array) -> csr_matrix:
        """Build the library's input: c where t is 1, -c where it is 0; in the older of scipy's two kinds of
        matrices.
        """
        users, items = feedback_matrix.nonzero()
        sure = confidence(feedback_matrix.data, self.alpha)
        if (passed := dataset.skips) is not None and self.passed_over:
            width = dataset.n_items
            in_vain = ~np.isin(passed.users * np.int64(width) + passed.items, users * np.int64(width) + items)
            trust = 1 + self.passed_over * np.minimum(passed.counts[in_vain], MOST_SKIPS)
            sure = np.concatenate([sure, -trust])
            users, items = np.append(users, passed.users[in_vain]), np.append(items, passed.items[in_vain])
        return csr_matrix((sure.astype(np.float32), (users, items)), shape=feedback_matrix.shape)

    def _teller(self, progress: Progress) -> Any:
        def tell(epoch: int, *_: Any) -> None:
            progress((epoch + 1) / self.n_epochs, f"epoch {epoch + 1} of {self.n_epochs}")

        return tell


def _with_users(model: ImplicitFactorModel, known: csr_array) -> ImplicitFactorModel:
    """Fold all users in from their profiles (n_users, n_items), so that folding them in later says the same."""
    factors, opposed = np.nan_to_num(model.fold_in(known)), without_favour(known)
    favoured = factors[~opposed & (np.diff(known.indptr) > 0)]
    average: FloatArray = favoured.mean(axis=0) if len(favoured) else model.average
    factors[opposed] += average
    return replace(model, user_factors=factors, average=average)


def _implicit_als() -> Any:
    """Import the library's ALS, only when something is trained: serving never needs it."""
    from implicit.cpu.als import AlternatingLeastSquares

    return AlternatingLeastSquares
