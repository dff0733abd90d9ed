"""Factorise ratings by stochastic gradient descent, with scikit-surprise."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recommender.engine.algorithms.trainset import Trainset, otherwise, surprise
from recommender.engine.feedback import Ratings, ratings
from recommender.engine.forms.factors import FactorModel
from recommender.engine.types import CannotFit, Dataset, Progress, silent


@dataclass(frozen=True)
class SVD:
    """Predict mean + b_u + b_i + p_u . q_i, fitted by gradient descent on the squared error, rating by rating.

    After Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender Systems", 2009, equations 4 and 5.
    Biases (n_users,), (n_items,), factors (n_users, d), (n_items, d); `lr` is the paper's gamma and `reg` its lambda,
    one for biases and factors alike, applied once per rating.
    """

    n_factors: int = 50
    n_epochs: int = 40
    lr: float = 0.007
    reg: float = 0.08

    def __post_init__(self) -> None:
        for name in ("n_factors", "n_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more.")
        if not 0 < self.lr < 1:
            raise ValueError(f"lr is {self.lr}; it must lie between 0 and 1.")
        if not self.reg >= 0:
            raise ValueError(f"reg is {self.reg}; it must be 0 or more.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> FactorModel:
        """Fit the factors of the dataset's ratings, given and implied. CannotFit where there are none."""
        known = ratings(dataset)
        if not len(known):
            raise CannotFit("There are no ratings, and no events that imply one: collect or import some first.")
        trainset = Trainset(known, self.n_epochs, progress)
        fitted = (
            surprise()
            .SVD(
                n_factors=self.n_factors,
                n_epochs=self.n_epochs,
                lr_all=self.lr,
                reg_all=self.reg,
                random_state=int(rng.integers(2**31)),
            )
            .fit(trainset)
        )
        if not (np.isfinite(fitted.pu).all() and np.isfinite(fitted.qi).all()):
            raise CannotFit(f"The factors grew past all bounds with lr={self.lr}: choose a smaller lr.")
        return self._model(dataset, known, trainset, fitted)

    def _model(self, dataset: Dataset, known: Ratings, trainset: Trainset, fitted: Any) -> FactorModel:
        """Bring the factors back to the ratings' own scale. Only the users' factors are stretched: so folding in
        needs the same `reg`.
        """
        rated_users = np.bincount(known.users, minlength=known.n_users) > 0
        rated_items = np.bincount(known.items, minlength=known.n_items) > 0
        return FactorModel(
            user_ids=dataset.user_ids,
            item_ids=dataset.item_ids,
            mean=trainset.global_mean * trainset.unit,
            scale_min=known.scale_min,
            scale_max=known.scale_max,
            reg=self.reg,
            user_bias=otherwise(np.nan, rated_users, fitted.bu * trainset.unit),
            item_bias=otherwise(np.nan, rated_items, fitted.bi * trainset.unit),
            user_factors=otherwise(0, rated_users[:, None], fitted.pu * trainset.unit),
            item_factors=otherwise(0, rated_items[:, None], fitted.qi),
        )
