"""Matrix factorisation by stochastic gradient descent, trained by scikit-surprise."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.algorithms.factors import FactorModel
from recommender.preferences import Ratings, ratings
from recommender.types import CannotFit, Dataset, FloatArray, Mask, Progress, silent

CHUNK = 65_536
"""Ratings turned into Python numbers at a time: a few megabytes, however many there are."""

SPAN = 4.0
"""The width of a scale from 1 to 5, for which the settings below are made; training brings other scales to it."""


@dataclass(frozen=True)
class SVD:
    """Predicts mean + b_u + b_i + p_u . q_i, fitted by gradient descent on the squared error, rating by rating.

    After Koren, Bell and Volinsky, "Matrix Factorization Techniques for Recommender Systems", 2009, equations 4 and 5.
    Biases (n_users,), (n_items,), factors (n_users, d), (n_items, d); `lr` is the paper's gamma and `reg` its lambda,
    one for biases and factors alike, applied once per rating.
    """

    n_factors: int = 50
    n_epochs: int = 40
    lr: float = 0.007
    reg: float = 0.08

    def __post_init__(self) -> None:
        for name in ("n_factors", "n_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be 1 or more.")
        if not 0 < self.lr < 1:
            raise ValueError(f"lr is {self.lr}; it must lie between 0 and 1.")
        if not self.reg >= 0:
            raise ValueError(f"reg is {self.reg}; it must be 0 or more.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> FactorModel:
        """The factors of the dataset's ratings, given and implied. CannotFit where there are none."""
        known = ratings(dataset)
        if not len(known):
            raise CannotFit("There are no ratings, and no events that imply one: collect or import some first.")
        trainset = _Trainset(known, self.n_epochs, progress)
        fitted = _surprise_svd()(
            n_factors=self.n_factors,
            n_epochs=self.n_epochs,
            lr_all=self.lr,
            reg_all=self.reg,
            random_state=int(rng.integers(2**31)),
        ).fit(trainset)
        if not (np.isfinite(fitted.pu).all() and np.isfinite(fitted.qi).all()):
            raise CannotFit(f"The factors grew past all bounds with lr={self.lr}: choose a smaller lr.")
        return self._model(dataset, known, trainset, fitted)

    def _model(self, dataset: Dataset, known: Ratings, trainset: "_Trainset", fitted: Any) -> FactorModel:
        """Back on the ratings' own scale. Only the users' factors are stretched: so folding in needs the same `reg`."""
        rated_users = np.bincount(known.users, minlength=known.n_users) > 0
        rated_items = np.bincount(known.items, minlength=known.n_items) > 0
        return FactorModel(
            user_ids=dataset.user_ids,
            item_ids=dataset.item_ids,
            mean=trainset.global_mean * trainset.unit,
            scale_min=known.scale_min,
            scale_max=known.scale_max,
            reg=self.reg,
            user_bias=_or(np.nan, rated_users, fitted.bu * trainset.unit),
            item_bias=_or(np.nan, rated_items, fitted.bi * trainset.unit),
            user_factors=_or(0, rated_users[:, None], fitted.pu * trainset.unit),
            item_factors=_or(0, rated_items[:, None], fitted.qi),
        )


class _Trainset:
    """What Surprise's SVD asks of its own Trainset, answered from arrays instead of dictionaries of tuples."""

    def __init__(self, known: Ratings, n_epochs: int, progress: Progress) -> None:
        self.n_users, self.n_items = known.n_users, known.n_items
        self.unit = (known.scale_max - known.scale_min) / SPAN
        self.global_mean = float(known.values.mean(dtype=np.float64)) / self.unit
        self._known, self._n_epochs, self._progress = known, n_epochs, progress
        self._epoch = 0

    def all_ratings(self) -> Iterator[tuple[int, int, float]]:
        """Every (user, item, rating). Surprise asks once per epoch, which is how progress is known."""
        self._progress(self._epoch / self._n_epochs, f"epoch {self._epoch + 1} of {self._n_epochs}")
        self._epoch += 1
        starts = range(0, len(self._known), CHUNK)
        return chain.from_iterable(self._chunk(slice(start, start + CHUNK)) for start in starts)

    def _chunk(self, where: slice) -> Iterator[tuple[int, int, float]]:
        known = self._known
        values = known.values[where] / self.unit
        return zip(known.users[where].tolist(), known.items[where].tolist(), values.tolist(), strict=True)


def _or(otherwise: float, known: Mask, values: NDArray[np.float64]) -> FloatArray:
    return np.where(known, values, otherwise).astype(np.float32)


def _surprise_svd() -> Any:
    """Surprise's SVD, imported only when something is trained: serving never needs it.

    The import makes a folder for data sets that we never use, in the home directory unless told otherwise; and that
    may not be writable.
    """
    os.environ.setdefault("SURPRISE_DATA_FOLDER", tempfile.gettempdir())
    from surprise.prediction_algorithms import matrix_factorization

    return matrix_factorization.SVD
