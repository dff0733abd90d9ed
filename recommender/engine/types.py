"""The frozen shapes that every part of the recommender speaks: ids outside, row numbers inside."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

IntArray = NDArray[np.int64]
RowArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]
Arrays = dict[str, NDArray[np.generic]]

Tokens = tuple[str, ...]
"""What is known of an item, in words; or the segments that a person belongs to."""

UNKNOWN = -1
"""The row of an id that an IdMap does not hold, and the padding of a list that came out short."""

UNDATED = np.iinfo(np.int64).min
"""The time of an event from a file that has no times."""

Progress = Callable[[float, str], None]
"""Told how much of the work is done (0..1) and what comes next. What it raises stops the work."""


def silent(done: float, what: str) -> None:
    """The Progress of callers that want none."""


def part(progress: Progress, start: float, end: float, whose: str = "") -> Progress:
    """Return a Progress for work that is the stretch from `start` to `end` of a larger one, and says whose it is."""
    prefix = f"{whose}: " if whose else ""
    return lambda done, what: progress(start + done * (end - start), prefix + what)


@dataclass(frozen=True, eq=False)
class IdMap:
    """Sorted, unique ids; the position of an id is its row."""

    ids: IntArray

    @classmethod
    def of(cls, ids: IntArray) -> Self:
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
    """What one interaction type means to a dataset; `scale_*` and `relevant_at` only where it carries a rating."""

    name: str
    weight: float
    is_negative: bool = False
    scale_min: float | None = None
    scale_max: float | None = None
    relevant_at: float | None = None
    marks_seen: bool = True
    """Whether the item is not recommended to the person again after it."""

    @property
    def is_explicit(self) -> bool:
        """Whether its events carry a rating on a scale."""
        return self.scale_min is not None and self.scale_max is not None


@dataclass(frozen=True, eq=False)
class TokenTable:
    """The tokens (n,) of items or of people, whether or not anything ever happened with them."""

    ids: IdMap
    tokens: tuple[Tokens, ...]

    def take(self, ids: IdMap) -> "TokenTable":
        """Of these alone, without any where nothing is known."""
        rows: RowArray = self.ids.rows(ids.ids)
        return TokenTable(ids, tuple(self.tokens[row] if row >= 0 else () for row in rows.tolist()))


@dataclass(frozen=True, eq=False)
class Skips:
    """What people were shown above something they turned to, and left: a weak sign against it.

    A row for each pair, parallel arrays (n,). Who clicks at one place has looked at those above, most likely, and may
    never have seen those below: Joachims, "Optimizing search engines using clickthrough data", 2002, section 3.
    """

    users: RowArray
    items: RowArray
    counts: FloatArray
    """How often."""
    last: IntArray
    """Unix seconds of the last time."""

    def before(self, times: IntArray) -> "Skips":
        """The pairs of which all came before a time of each person (n_users,)."""
        kept = self.last < times[self.users]
        return Skips(self.users[kept], self.items[kept], self.counts[kept], self.last[kept])


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
    item_tokens: TokenTable | None = None
    """What items are, where that is known: of more items than have events."""
    user_segments: TokenTable | None = None
    """Which segments people belong to, where that is known."""
    skips: Skips | None = None
    """What people were shown and passed over, where lists were recorded."""

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    def select(self, which: Mask | NDArray[np.integer]) -> "Dataset":
        """The events at a mask or at positions, over the same people and items."""
        return replace(
            self,
            users=self.users[which],
            items=self.items[which],
            values=self.values[which],
            types=self.types[which],
            times=self.times[which],
        )


@dataclass(frozen=True, eq=False)
class Histories:
    """What people did, in the two forms that models take: matrices (m, n_items), aligned row for row."""

    ratings: csr_array
    """One rating for each pair, given or implied; a rating of 0 is an explicit zero."""
    profiles: csr_array
    """How much speaks for an item, the latest most (`preferences.profiles`); only where something does."""
    segments: tuple[Tokens, ...] | None = None
    """The segments of each (m,), where any are known."""

    def __len__(self) -> int:
        return int(self.ratings.shape[0])

    def __getitem__(self, which: slice | IntArray | RowArray) -> "Histories":
        """Some of the people, in the order asked for."""
        mine = np.arange(len(self))[which].tolist() if self.segments else []
        segments = tuple(self.segments[row] for row in mine) if self.segments else None
        return Histories(self.ratings[which], self.profiles[which], segments)

    def reindexed(self, places: RowArray, n_items: int) -> "Histories":
        """The same over another model's items: `places` (n_items of this one,) are their rows there, or UNKNOWN."""
        return Histories(
            reindexed(self.ratings, places, n_items), reindexed(self.profiles, places, n_items), self.segments
        )


def reindexed(matrix: csr_array, places: RowArray, n_items: int) -> csr_array:
    """A matrix (m, n) with its columns at `places` (n,) of n_items; those at UNKNOWN are left out."""
    cols = places[matrix.indices]
    kept = cols != UNKNOWN
    starts = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return csr_array((matrix.data[kept], cols[kept], starts), shape=(matrix.shape[0], n_items))


class Model(Protocol):
    """A fitted, frozen model. It always answers in batches, and says NaN where it can't say."""

    form: ClassVar[str]
    """The name under which `algorithms.load_model` knows how to read its arrays back."""

    @property
    def user_ids(self) -> IdMap: ...

    @property
    def item_ids(self) -> IdMap: ...

    def score(self, rows: RowArray) -> FloatArray:
        """Ranking scores (m, n_items) of the users at `rows` (m,), a row of NaN for UNKNOWN; the caller's to change."""

    def score_histories(self, histories: Histories) -> FloatArray:
        """Ranking scores (m, n_items) of people the model has never seen, from what they did."""

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Predicted rating and its standard deviation (n,) for pairs of user rows and item rows."""

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """What each item of one person's profile adds to the scores of the items at `cols` (n,): (n, n_profile).

        NaN where it can't say which items of the history a score comes from.
        """

    def similar(self, cols: RowArray) -> FloatArray:
        """Likeness (m, n_items) of every item to the items at `cols` (m,); a row of NaN for UNKNOWN."""

    def arrays(self) -> Arrays:
        """What an artifact stores: everything `from_arrays` needs, none of it pickled."""

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The same model again; the arrays may be memory-mapped and are not copied."""


HALF_INTERVAL = 1.96
"""Standard deviations from a predicted rating to either end of its 95 % interval."""


@runtime_checkable
class RatingModel(Model, Protocol):
    """One that says how people would rate, also those it has never seen."""

    @property
    def scale_min(self) -> float: ...

    @property
    def scale_max(self) -> float: ...

    def predict_history(self, history: Histories, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """What `predict` says (n,) of one person, from what she did; NaN where nothing of it helps."""


class Algorithm(Protocol):
    """Settings, not fitted: a frozen dataclass, so that `dataclasses.asdict` gives the settings back."""

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> Model:
        """A new model of the dataset's items, row for row; nothing is mutated.

        Raises CannotFit, with a sentence, where the data don't allow it.
        """


@dataclass(frozen=True)
class Recommendation:
    """One place of a list: internal item id, the score it was ranked by and the source that put it there."""

    item: int
    score: float
    source: str


class CannotFit(ValueError):
    """The data set doesn't allow this algorithm; the message says why in one sentence."""
