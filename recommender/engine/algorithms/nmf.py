"""Factorise ratings into non-negative factors, with scikit-surprise."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.algorithms.trainset import Trainset, otherwise, surprise
from recommender.engine.feedback import ratings
from recommender.engine.forms.nonnegative import NonnegativeFactorModel
from recommender.engine.types import CannotFit, Dataset, Progress, silent


@dataclass(frozen=True)
class NMF:
    """Predict p_u . q_i with factors of which none is negative: tastes add up, none takes away from another.

    After Luo, Zhou, Xia and Zhu, "An Efficient Non-negative Matrix-Factorization-Based Approach to Collaborative
    Filtering for Recommender Systems", 2014: multiplicative updates over the known ratings only. Factors (n_users, d),
    (n_items, d). Ratings are counted from one unit below the scale's end, so that the worst is 1 on any scale.
    """

    n_factors: int = 50
    n_epochs: int = 100
    reg: float = 0.15

    def __post_init__(self) -> None:
        for name in ("n_factors", "n_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more.")
        if not self.reg >= 0:
            raise ValueError(f"reg is {self.reg}; it must be 0 or more.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> NonnegativeFactorModel:
        """Fit the factors of the dataset's ratings, given and implied. CannotFit where there are none."""
        known = ratings(dataset)
        if not len(known):
            raise CannotFit("There are no ratings, and no events that imply one: collect or import some first.")
        unit = (known.scale_max - known.scale_min) / 4
        trainset = Trainset(known, self.n_epochs, progress, origin=known.scale_min - unit)
        fitted = surprise().NMF(
            n_factors=self.n_factors,
            n_epochs=self.n_epochs,
            reg_pu=self.reg,
            reg_qi=self.reg,
            random_state=int(rng.integers(2**31)),
        )
        fitted.fit(trainset)
        rated_users = np.bincount(known.users, minlength=known.n_users) > 0
        rated_items = np.bincount(known.items, minlength=known.n_items) > 0
        return NonnegativeFactorModel(
            user_ids=dataset.user_ids,
            item_ids=dataset.item_ids,
            mean=known.scale_min - unit,
            scale_min=known.scale_min,
            scale_max=known.scale_max,
            reg=self.reg,
            user_bias=otherwise(np.nan, rated_users, np.zeros(known.n_users)),
            item_bias=otherwise(np.nan, rated_items, np.zeros(known.n_items)),
            user_factors=otherwise(0, rated_users[:, None], fitted.pu * unit),
            item_factors=otherwise(0, rated_items[:, None], fitted.qi),
        )
