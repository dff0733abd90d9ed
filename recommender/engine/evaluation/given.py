"""Judge a model that is fitted already, as it is, in the place of an algorithm."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from recommender.engine.types import UNKNOWN, Dataset, FloatArray, IdMap, Model, Progress, RowArray, silent


@dataclass(frozen=True, eq=False)
class GivenModel:
    """Stand in for an algorithm: its fit is the given model, over the users and items of the dataset."""

    model: Model

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> Model:
        """Return the model reindexed to the dataset; users and items it doesn't know get NaN."""
        return cast(Model, _Reindexed(self.model, dataset.user_ids, dataset.item_ids))


@dataclass(frozen=True, eq=False)
class _Reindexed:
    """Answer by a model for the rows of other id maps: what an evaluation asks of a model, and no more."""

    model: Model
    user_ids: IdMap
    item_ids: IdMap

    def score(self, rows: RowArray) -> FloatArray:
        """Return the scores (m, items of the dataset) of the users at `rows` (m,) of the dataset."""
        scores = self.model.score(self._users(rows))
        columns = self.model.item_ids.rows(self.item_ids.ids)
        out = np.full((len(rows), len(self.item_ids)), np.nan, np.float32)
        out[:, columns != UNKNOWN] = scores[:, columns[columns != UNKNOWN]]
        return out

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return predicted ratings and standard deviations (n,) of pairs of the dataset's rows."""
        return self.model.predict(self._users(rows), self.model.item_ids.rows(self.item_ids.ids[cols]))

    def _users(self, rows: RowArray) -> RowArray:
        found = self.model.user_ids.rows(self.user_ids.ids[rows])
        return np.where(rows == UNKNOWN, UNKNOWN, found).astype(np.int32)
