"""Rank by what users turn to these days: their acts, the more recent the more they count."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine.evidence import verdicts
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.types import UNDATED, CannotFit, Dataset, IntArray, Progress, silent

DAY = 86_400


@dataclass(frozen=True)
class Trending:
    """Score an item by ``sum over users of v * 0.5 ** (age of the user's latest verdict on it / half_life_days)``.

    A verdict v is 1 for an act in the item's favour and -1 for one against it (`evidence.verdicts`), of the last
    `window_days` before the newest verdict of the dataset. Each user counts once for an item, by what they did last:
    who looked and then disliked it speaks against it. Events without a time say nothing of these days and are left out.
    """

    half_life_days: float = 7.0
    window_days: float = 28.0

    def __post_init__(self) -> None:
        for name in ("half_life_days", "window_days"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be more than 0.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> ImpersonalModel:
        """Return the same scores for everybody, 0 for what nobody turned to. CannotFit where no event has a time."""
        said = verdicts(dataset)
        counts = (dataset.times != UNDATED) & (said != 0)
        if not (said[counts] > 0).any():
            raise CannotFit("There are no events with a time that speak for an item, so nothing can be trending.")
        dated, said = dataset.select(counts), said[counts]
        last = _latest(dated, said)
        age = (dated.times.max() - dated.times[last]) / DAY
        worth = np.where(age <= self.window_days, said[last] * 0.5 ** (age / self.half_life_days), 0)
        scores = np.bincount(dated.items[last], worth, dataset.n_items).astype(np.float32)
        return ImpersonalModel(dataset.item_ids, scores)


def _latest(dataset: Dataset, said: NDArray[np.int8]) -> IntArray:
    """Return the positions of each pair's latest verdict; of those at one time, one against."""
    order = np.lexsort((-said, dataset.times, dataset.items, dataset.users))
    users, items = dataset.users[order], dataset.items[order]
    is_last = np.append((np.diff(users) != 0) | (np.diff(items) != 0), True)[: len(order)]
    return order[is_last]
