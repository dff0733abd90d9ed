"""Give scikit-surprise its ratings, without its own trainset's Python object for each."""

import os
import tempfile
from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.feedback import Ratings
from recommender.engine.types import FloatArray, Mask, Progress

CHUNK = 65_536
"""Ratings turned into Python numbers at a time: a few megabytes, however many there are."""

SPAN = 4.0
"""The width of a scale from 1 to 5, for which the algorithms' settings are made; other scales are brought to it."""


class Trainset:
    """Answer what Surprise asks of its own Trainset, from arrays instead of dictionaries of tuples."""

    def __init__(self, known: Ratings, n_epochs: int, progress: Progress, origin: float = 0.0) -> None:
        self.n_users, self.n_items = known.n_users, known.n_items
        self.unit = (known.scale_max - known.scale_min) / SPAN
        self.origin = origin
        self.global_mean = (float(known.values.mean(dtype=np.float64)) - origin) / self.unit
        self.ur, self.ir = (
            _Counts(np.bincount(rows, minlength=n))
            for rows, n in ((known.users, known.n_users), (known.items, known.n_items))
        )
        self._known, self._n_epochs, self._progress = known, n_epochs, progress
        self._epoch = 0

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        """Yield every (user, item, rating). Surprise asks once per epoch, which is how progress is known."""
        self._progress(self._epoch / self._n_epochs, f"epoch {self._epoch + 1} of {self._n_epochs}")
        self._epoch += 1
        starts = range(0, len(self._known), CHUNK)
        return chain.from_iterable(self._chunk(slice(start, start + CHUNK)) for start in starts)

    def all_users(self) -> list[int]:
        """Return the inner ids of those with ratings."""
        return self.ur.those_with_any()

    def all_items(self) -> list[int]:
        """Return the inner ids of those with ratings."""
        return self.ir.those_with_any()

    def _chunk(self, where: slice) -> Iterator[tuple[int, int, float]]:
        known = self._known
        values = (known.values[where] - self.origin) / self.unit
        return zip(known.users[where].tolist(), known.items[where].tolist(), values.tolist(), strict=True)


class _Counts:
    """Stand in for Surprise's lists of each row's ratings, of which it asks nothing but the length."""

    def __init__(self, counts: NDArray[np.integer]) -> None:
        self._counts = counts.tolist()

    def __getitem__(self, row: int) -> range:
        return range(self._counts[row])

    def those_with_any(self) -> list[int]:
        return [row for row, count in enumerate(self._counts) if count]


def otherwise(value: float, known: Mask, values: NDArray[np.float64]) -> FloatArray:
    """Return `values` where they are known, else `value`, as what a model stores."""
    return np.where(known, values, value).astype(np.float32)


def surprise() -> Any:
    """Import Surprise's matrix factorisations, only when something is trained: serving never needs them.

    The import makes a folder for data sets that we never use, in the home directory unless told otherwise; and that
    may not be writable.
    """
    os.environ.setdefault("SURPRISE_DATA_FOLDER", tempfile.gettempdir())
    from surprise.prediction_algorithms import matrix_factorization

    return matrix_factorization
