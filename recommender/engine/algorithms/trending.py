"""What people turn to these days: their acts, the more recent the more they count."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.feedback import relevant
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import UNDATED, CannotFit, Dataset, Progress, silent

DAY = 86_400


@dataclass(frozen=True)
class Trending:
    """Scores an item by ``sum over people of 0.5 ** (age of the person's latest act in its favour / half_life_days)``.

    Of the last `window_days` before the newest event of the dataset. Each person counts once for an item, however often
    they come back to it. Events without a time say nothing of these days and are left out.
    """

    half_life_days: float = 7.0
    window_days: float = 28.0

    def __post_init__(self) -> None:
        for name in ("half_life_days", "window_days"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> ImpersonalModel:
        """The same scores for everybody, 0 for what nobody turned to. CannotFit where no event has a time."""
        dated = dataset.select((dataset.times != UNDATED) & relevant(dataset))
        if not len(dated):
            raise CannotFit("There are no events with a time that speak for an item, so nothing can be trending.")
        age = (dated.times.max() - dated.times) / DAY
        recent = dated.select(age <= self.window_days)
        pairs, where = np.unique(recent.users.astype(np.int64) * dataset.n_items + recent.items, return_inverse=True)
        youngest = np.full(len(pairs), np.inf)
        np.minimum.at(youngest, where, age[age <= self.window_days])
        worth = 0.5 ** (youngest / self.half_life_days)
        scores = np.bincount(pairs % max(dataset.n_items, 1), worth, dataset.n_items).astype(np.float32)
        return ImpersonalModel(dataset.item_ids, scores)
