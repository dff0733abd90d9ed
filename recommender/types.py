"""The frozen shapes that every part of the recommender speaks: ids outside, row numbers inside. numpy only."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

IntArray = NDArray[np.int64]
RowArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]

UNKNOWN = -1
"""The row of an id that an IdMap does not hold."""

UNDATED = np.iinfo(np.int64).min
"""The time of an event from a file that has no times."""


@dataclass(frozen=True, eq=False)
class IdMap:
    """Sorted, unique ids; the position of an id is its row."""

    ids: IntArray

    @classmethod
    def of(cls, ids: IntArray) -> "IdMap":
        """The map over the distinct values of `ids`."""
        return cls(np.unique(ids).astype(np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: IntArray) -> RowArray:
        """The rows (n,) of ids (n,); UNKNOWN where an id is not in the map."""
        if not len(self.ids):
            return np.full(len(ids), UNKNOWN, np.int32)
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, UNKNOWN).astype(np.int32)


@dataclass(frozen=True)
class EventKind:
    """What one interaction type means to a dataset. `scale_*` and `relevant_at` are None where it carries no value."""

    name: str
    weight: float
    is_negative: bool = False
    scale_min: float | None = None
    scale_max: float | None = None
    relevant_at: float | None = None

    @property
    def is_explicit(self) -> bool:
        """Whether its events carry a rating on a scale."""
        return self.scale_min is not None and self.scale_max is not None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Events as parallel arrays (n_events,), one row per event, and the maps from ids to rows."""

    user_ids: IdMap
    item_ids: IdMap
    users: RowArray
    items: RowArray
    values: FloatArray
    """The rating or amount of each event; NaN where it has none."""
    types: NDArray[np.uint8]
    """The position of each event's kind in `kinds`."""
    times: IntArray
    """Unix seconds, or UNDATED."""
    kinds: tuple[EventKind, ...]

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)


class Model(Protocol):
    """A fitted, frozen model. It always answers in batches, and says NaN where it can't say."""

    user_ids: IdMap
    item_ids: IdMap

    def score(self, rows: RowArray) -> FloatArray:
        """Ranking scores (m, n_items) of the users at `rows` (m,); a row of NaN for UNKNOWN."""

    def score_histories(self, histories: csr_array) -> FloatArray:
        """Ranking scores (m, n_items) of people the model has never seen, from their ratings (m, n_items) on the scale."""

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Predicted rating and its standard deviation (n,) for pairs of user rows and item rows."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What an artifact stores: everything `from_arrays` needs."""


class Algorithm(Protocol):
    """Settings, not fitted."""

    def fit(self, dataset: Dataset, rng: np.random.Generator) -> Model:
        """A new model; nothing is mutated. Raises CannotFit with a sentence where the data do not allow it."""


@dataclass(frozen=True)
class Recommendation:
    """One place of a list: internal item id, the score it was ranked by and the source that put it there."""

    item: int
    score: float
    source: str


class CannotFit(ValueError):
    """The data set doesn't allow this algorithm; the message says why in one sentence."""
