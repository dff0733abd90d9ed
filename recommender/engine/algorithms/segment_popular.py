"""Rank by popularity with users of the same age, country or whatever else tells users apart best."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.feedback import strengths
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.types import UNKNOWN, CannotFit, Dataset, Progress, RowArray, silent

SHRINKAGES = (100.0, 1_000.0, 10_000.0)
MOST_SEGMENTS, FEWEST_USERS = 200, 10
HELD_OUT = 0.2
MOST_JUDGED = 200_000


@dataclass(frozen=True)
class SegmentPopular:
    """Rank by popularity within a segment, shrunk to that with all users: see SegmentModel.

    Bayesian smoothing with a Dirichlet prior: Zhai and Lafferty, "A study of smoothing methods for language models
    applied to information retrieval", 2004, equation 6, with items as words and segments as documents.
    """

    by: str = ""
    """The demographic; empty for the one that best predicts a fifth of what users turned to, which it hasn't seen."""
    shrinkage: float = 0.0
    """The weight of what all users did beside what a segment did; 0 for the one that predicts best."""
    ceiling: float = 10.0
    """The most that one user's acts count for one item."""

    def __post_init__(self) -> None:
        if self.shrinkage < 0:
            raise ValueError(f"shrinkage is {self.shrinkage}; it must be 0 or more.")
        if not self.ceiling > 0:
            raise ValueError(f"ceiling is {self.ceiling}; it must be more than 0.")

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> SegmentModel:
        """Fit the same scores for all users of a segment.

        CannotFit where nothing is known of users, or where no demographic predicts better than popularity alone.
        """
        feedback_matrix = strengths(dataset)
        if not feedback_matrix.nnz:
            raise CannotFit("There are no events that speak for an item: collect or import some first.")
        demographics = _demographics(dataset)
        if self.by:
            demographics = {name: found for name, found in demographics.items() if name == self.by}
        if not demographics:
            what = f"no demographic {self.by!r} is" if self.by else "no demographics are"
            raise CannotFit(f"There are no segments: {what} known that {FEWEST_USERS} users or more share.")
        pairs = _Pairs.of(feedback_matrix, self.ceiling)
        progress(0.1, "finding what tells people apart")
        names, members, shrinkage = self._best(pairs, demographics, rng)
        progress(0.8, "counting")
        total = float(pairs.worth.sum())
        return SegmentModel(
            dataset.user_ids,
            dataset.item_ids,
            names,
            members,
            pairs.by_segment(members, len(names)),
            (np.bincount(pairs.items, pairs.worth, dataset.n_items) / total).astype(np.float32),
            total,
            shrinkage,
        )

    def _best(
        self, pairs: "_Pairs", demographics: Mapping[str, tuple[tuple[str, ...], RowArray]], rng: np.random.Generator
    ) -> tuple[tuple[str, ...], RowArray, float]:
        """Return the names and members of the segments, and the shrinkage, that predict best what was held out."""
        is_held = rng.random(len(pairs.items)) < HELD_OUT
        known, held = pairs.take(~is_held), pairs.take(is_held).sample(MOST_JUDGED, rng)
        at_least = -np.inf if self.by else known.log_likelihood(held, np.full(pairs.n_users, UNKNOWN, np.int32), 0, 1.0)
        best: tuple[tuple[str, ...], RowArray, float] | None = None
        for names, members in demographics.values():
            for shrinkage in (self.shrinkage,) if self.shrinkage else SHRINKAGES:
                figure = known.log_likelihood(held, members, len(names), shrinkage)
                if figure > at_least or (best is None and self.by):
                    at_least, best = figure, (names, members, shrinkage)
        if best is None:
            raise CannotFit("There are no segments worth telling apart: what is popular foretells as well.")
        return best


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Hold pairs of users and items and their strengths (n,)."""

    users: RowArray
    items: RowArray
    worth: NDArray[np.float64]
    n_users: int
    n_items: int

    @classmethod
    def of(cls, feedback_matrix: csr_array, ceiling: float) -> "_Pairs":
        users = np.repeat(np.arange(feedback_matrix.shape[0], dtype=np.int32), np.diff(feedback_matrix.indptr))
        return cls(
            users,
            feedback_matrix.indices,
            np.minimum(feedback_matrix.data, ceiling).astype(np.float64),
            *feedback_matrix.shape,
        )

    def take(self, which: NDArray[np.bool_] | NDArray[np.integer]) -> "_Pairs":
        return _Pairs(self.users[which], self.items[which], self.worth[which], self.n_users, self.n_items)

    def sample(self, most: int, rng: np.random.Generator) -> "_Pairs":
        if len(self.items) <= most:
            return self
        return self.take(rng.choice(len(self.items), most, replace=False))

    def by_segment(self, members: RowArray, n_segments: int) -> csr_array:
        """Sum the strengths of each segment for each item (n_segments, n_items)."""
        segments = members[self.users]
        there = segments != UNKNOWN
        entries = (self.worth[there].astype(np.float32), (segments[there], self.items[there]))
        return csr_array(entries, shape=(n_segments, self.n_items))

    def log_likelihood(self, held: "_Pairs", members: RowArray, n_segments: int, shrinkage: float) -> float:
        """Return the mean logarithm of the share that the held-out items have in what their users' segments did."""
        if not len(held.items) or not len(self.items):
            return -np.inf
        # One act more for each item: what is held out may not be known at all.
        shares = (np.bincount(self.items, self.worth, self.n_items) + 1) / (self.worth.sum() + self.n_items)
        segments = members[held.users]
        there = np.flatnonzero(segments != UNKNOWN)
        likely = shares[held.items]
        if n_segments and len(there):
            counts = self.by_segment(members, n_segments)
            own = np.asarray(counts[segments[there], held.items[there]]).ravel()
            sums = np.asarray(counts.sum(axis=1)).ravel()[segments[there]]
            likely[there] = (own + shrinkage * likely[there]) / (sums + shrinkage)
        return float(np.log(likely).mean())


def _demographics(dataset: Dataset) -> dict[str, tuple[tuple[str, ...], RowArray]]:
    """Return for each demographic its segments, those with enough users, and each user's segment (n_users,)."""
    if dataset.user_segments is None:
        return {}
    users_tokens: Sequence[tuple[str, ...]] = dataset.user_segments.take(dataset.user_ids).tokens
    counts = Counter(token for tokens in users_tokens for token in tokens)
    by_name: dict[str, list[str]] = {}
    for token, count in counts.most_common():
        if count >= FEWEST_USERS:
            by_name.setdefault(token.split(":", 1)[0], []).append(token)
    found = {}
    for name, segments in sorted(by_name.items()):
        names = tuple(sorted(segments[:MOST_SEGMENTS]))
        rows = {segment: row for row, segment in enumerate(names)}
        mine = [next((rows[token] for token in tokens if token in rows), UNKNOWN) for tokens in users_tokens]
        found[name] = (names, np.array(mine, np.int32))
    return found
