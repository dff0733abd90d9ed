"""Define the frozen shapes that every part of the recommender speaks: ids outside, row numbers inside."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
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
"""Words that describe an item; or the segments that a user belongs to."""

UNKNOWN = -1
"""The row of an id that an IdMap does not hold, and the padding of a list that came out short."""

UNDATED = np.iinfo(np.int64).min
"""The time of an event from a file that has no times."""

Progress = Callable[[float, str], None]
"""Told how much of the work is done (0..1) and what comes next. What it raises stops the work."""


def silent(done: float, what: str) -> None:
    """Ignore progress, for callers that want none."""


def part(progress: Progress, start: float, end: float, whose: str = "") -> Progress:
    """Return a Progress for work that is the stretch from `start` to `end` of a larger one, and says whose it is."""
    prefix = f"{whose}: " if whose else ""
    return lambda done, what: progress(start + done * (end - start), prefix + what)


@dataclass(frozen=True, eq=False)
class IdMap:
    """Map ids to rows: sorted, unique ids; the position of an id is its row."""

    ids: IntArray

    @classmethod
    def of(cls, ids: IntArray) -> Self:
        """Build the map over the distinct values of `ids`."""
        return cls(np.unique(ids).astype(np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: IntArray) -> RowArray:
        """Return the rows (n,) of ids (n,); UNKNOWN where an id is not in the map."""
        if not len(self.ids):
            return np.full(len(ids), UNKNOWN, np.int32)
        found = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[found] == ids, found, UNKNOWN).astype(np.int32)


@dataclass(frozen=True)
class EventKind:
    """Describe what one interaction type means to a dataset; `scale_*` and `relevant_at` only where it carries a
    rating.
    """

    name: str
    weight: float
    is_negative: bool = False
    scale_min: float | None = None
    scale_max: float | None = None
    relevant_at: float | None = None
    marks_seen: bool = True
    """True where the item is not recommended to the user again after it."""

    @property
    def is_explicit(self) -> bool:
        """Return True where its events carry a rating on a scale."""
        return self.scale_min is not None and self.scale_max is not None


@dataclass(frozen=True, eq=False)
class TokenTable:
    """Hold the tokens (n,) of items or of users, also of those without events."""

    ids: IdMap
    tokens: tuple[Tokens, ...]

    def take(self, ids: IdMap) -> "TokenTable":
        """Return the tokens of these ids alone, none where nothing is known."""
        rows: RowArray = self.ids.rows(ids.ids)
        return TokenTable(ids, tuple(self.tokens[row] if row >= 0 else () for row in rows.tolist()))


@dataclass(frozen=True, eq=False)
class Skips:
    """Hold what users were shown above something they clicked, and left: a weak sign against it.

    A row for each pair, parallel arrays (n,). Who clicks at one place has looked at those above, most likely, and may
    never have seen those below: Joachims, "Optimizing search engines using clickthrough data", 2002, section 3.
    """

    users: RowArray
    items: RowArray
    counts: FloatArray
    """The number of times."""
    last: IntArray
    """Unix seconds of the last time."""

    def before(self, times: IntArray) -> "Skips":
        """Return the pairs of which all came before a time of each user (n_users,)."""
        kept = self.last < times[self.users]
        return Skips(self.users[kept], self.items[kept], self.counts[kept], self.last[kept])


@dataclass(frozen=True, eq=False)
class Dataset:
    """Hold events as parallel arrays (n_events,), one row per event, and the maps from ids to rows."""

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
    """The tokens of items, where they are known: of more items than have events."""
    user_segments: TokenTable | None = None
    """The segments of users, where they are known."""
    skips: Skips | None = None
    """What users were shown and skipped, where lists were recorded."""

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_users(self) -> int:
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        return len(self.item_ids)

    def select(self, which: Mask | NDArray[np.integer]) -> "Dataset":
        """Return the events at a mask or at positions, over the same users and items."""
        return replace(
            self,
            users=self.users[which],
            items=self.items[which],
            values=self.values[which],
            types=self.types[which],
            times=self.times[which],
        )


class Histories:
    """Hold what users did, in the two forms that models take: matrices (m, n_items), aligned row for row.

    A form that is given as a function is made when a model first asks for it: most take one of the two.
    """

    def __init__(
        self,
        ratings: csr_array | Callable[[], csr_array],
        profiles: csr_array | Callable[[], csr_array],
        segments: tuple[Tokens, ...] | None = None,
    ) -> None:
        self._ratings, self._profiles = ratings, profiles
        self.segments = segments
        """The segments of each (m,), where any are known."""

    @cached_property
    def ratings(self) -> csr_array:
        """Return one rating for each pair, given or implied; a rating of 0 is an explicit zero."""
        return self._ratings() if callable(self._ratings) else self._ratings

    @cached_property
    def profiles(self) -> csr_array:
        """Return the net evidence for an item, or against it, the latest most (`feedback.profiles`); only where any."""
        return self._profiles() if callable(self._profiles) else self._profiles

    def __len__(self) -> int:
        return int(self.profiles.shape[0])

    def __getitem__(self, which: slice | IntArray | RowArray) -> "Histories":
        """Return some of the users, in the order asked for."""
        mine = np.arange(len(self))[which].tolist() if self.segments else []
        segments = tuple(self.segments[row] for row in mine) if self.segments else None
        return Histories(lambda: self.ratings[which], lambda: self.profiles[which], segments)

    def reindexed(self, places: RowArray, n_items: int) -> "Histories":
        """Lay the histories over another model's items: `places` (n_items of this one,) are their rows there, or
        UNKNOWN.
        """
        return Histories(
            lambda: reindexed(self.ratings, places, n_items),
            lambda: reindexed(self.profiles, places, n_items),
            self.segments,
        )


def reindexed(matrix: csr_array, places: RowArray, n_items: int) -> csr_array:
    """Return a matrix (m, n) with its columns at `places` (n,) of n_items; those at UNKNOWN are left out."""
    cols = places[matrix.indices]
    kept = cols != UNKNOWN
    starts = np.zeros(len(kept) + 1, np.int32)
    np.cumsum(kept, out=starts[1:])
    return csr_array((matrix.data[kept], cols[kept], starts[matrix.indptr]), shape=(matrix.shape[0], n_items))


class Model(Protocol):
    """Answer for a fitted, frozen model, always in batches, with NaN where it can't say."""

    form: ClassVar[str]
    """The name under which `algorithms.load_model` knows how to read its arrays back."""

    @property
    def user_ids(self) -> IdMap: ...

    @property
    def item_ids(self) -> IdMap: ...

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) of the users at `rows` (m,), a row of NaN for UNKNOWN; the caller's to
        change.
        """

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of users the model has never seen, from what they did."""

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return the predicted rating and its standard deviation (n,) for pairs of user rows and item rows."""

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return what each item of one user's profile adds to the scores of the items at `cols` (n,): (n, n_profile).

        NaN where it can't say which items of the history a score comes from.
        """

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the similarity (m, n_items) of every item to the items at `cols` (m,); a row of NaN for UNKNOWN."""

    def arrays(self) -> Arrays:
        """Return what an artifact stores: everything `from_arrays` needs, none of it pickled."""

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model again; the arrays may be memory-mapped and are not copied."""


HALF_INTERVAL = 1.96
"""Standard deviations from a predicted rating to either end of its 95 % interval."""


@runtime_checkable
class RatingModel(Model, Protocol):
    """Predict how users would rate, also those the model has never seen."""

    @property
    def scale_min(self) -> float: ...

    @property
    def scale_max(self) -> float: ...

    def predict_history(self, history: Histories, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Predict as `predict` does (n,) for one user, from what they did; NaN where nothing of it helps."""


class Algorithm(Protocol):
    """Hold settings, not fitted: a frozen dataclass, so that `dataclasses.asdict` gives them back."""

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> Model:
        """Fit a new model of the dataset's items, row for row; nothing is mutated.

        Raises CannotFit, with a sentence, where the data don't allow it.
        """


@dataclass(frozen=True)
class Recommendation:
    """Hold one place of a list: internal item id, the score it was ranked by and the source that put it there."""

    item: int
    score: float
    source: str


class CannotFit(ValueError):
    """Refuse an algorithm that the data set doesn't allow; the message says why in one sentence."""
