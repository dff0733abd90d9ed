"""Hold models that rank the same way for all users."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from recommender.engine.types import Arrays, FloatArray, Histories, IdMap, RowArray


@dataclass(frozen=True, eq=False)
class ImpersonalModel:
    """Score items the same for all users. It predicts no ratings and knows no similarities: NaN."""

    form: ClassVar[str] = "impersonal"

    item_ids: IdMap
    scores: FloatArray
    """(n_items,)"""

    @property
    def user_ids(self) -> IdMap:
        """Return no users: every user is UNKNOWN to it, and answered all the same."""
        return IdMap(np.empty(0, np.int64))

    def score(self, rows: RowArray) -> FloatArray:
        """Return the same scores (m, n_items) for every row, UNKNOWN included."""
        return np.tile(self.scores, (len(rows), 1))

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return the same scores (m, n_items) for every history, empty ones included."""
        return np.tile(self.scores, (len(histories), 1))

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return NaN (n,) twice: a place in a list is no rating."""
        unsaid = np.full(len(rows), np.nan, np.float32)
        return unsaid, unsaid.copy()

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return NaN (n, n_profile): nothing that somebody did has a part in it."""
        return np.full((len(cols), history.profiles.nnz), np.nan, np.float32)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return NaN (m, n_items): it can't say what is like what."""
        return np.full((len(cols), len(self.item_ids)), np.nan, np.float32)

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs."""
        return {"item_ids": self.item_ids.ids, "scores": self.scores}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where there isn't one score for each item."""
        item_ids = np.asarray(arrays["item_ids"], np.int64)
        scores = np.asarray(arrays["scores"], np.float32)
        if item_ids.shape != scores.shape:
            raise ValueError(f"There are {len(item_ids)} items and scores of the shape {scores.shape}.")
        return cls(IdMap(item_ids), scores)
