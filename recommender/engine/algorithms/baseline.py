"""Predict by biases, the predictor that every rating model has to beat."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.feedback import ratings
from recommender.engine.forms.factors import FactorModel
from recommender.engine.types import CannotFit, Dataset, Progress, silent


@dataclass(frozen=True)
class Baseline:
    """Predict mean + b_u + b_i: each item's mean deviation, then each user's from what remains, both damped.

    Koren, "Factor in the Neighbors: Scalable and Accurate Collaborative Filtering", 2010, section 2.1, and its
    constants: `item_damping` and `user_damping` count as that many ratings without deviation. Biases (n_users,),
    (n_items,).
    """

    item_damping: float = 25.0
    user_damping: float = 10.0

    def __post_init__(self) -> None:
        for name in ("item_damping", "user_damping"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 0 or more.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> FactorModel:
        """Fit a factor model without factors. CannotFit where there are no ratings, given or implied."""
        known = ratings(dataset)
        if not len(known):
            raise CannotFit("There are no ratings, and no events that imply one: collect or import some first.")
        mean = float(known.values.mean(dtype=np.float64))
        items = np.bincount(known.items, known.values - mean, known.n_items)
        n_items = np.bincount(known.items, minlength=known.n_items)
        with np.errstate(invalid="ignore"):
            item_bias = np.where(n_items > 0, items / (self.item_damping + n_items), np.nan)
            users = np.bincount(known.users, known.values - mean - item_bias[known.items], known.n_users)
            n_users = np.bincount(known.users, minlength=known.n_users)
            user_bias = np.where(n_users > 0, users / (self.user_damping + n_users), np.nan)
        return FactorModel(
            user_ids=dataset.user_ids,
            item_ids=dataset.item_ids,
            mean=mean,
            scale_min=known.scale_min,
            scale_max=known.scale_max,
            reg=1.0,
            user_bias=user_bias.astype(np.float32),
            item_bias=item_bias.astype(np.float32),
            user_factors=np.zeros((known.n_users, 0), np.float32),
            item_factors=np.zeros((known.n_items, 0), np.float32),
        )
