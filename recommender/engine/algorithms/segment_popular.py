"""Rank by popularity with users of the same age, country or whatever else tells users apart best."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from recommender.engine.feedback import strengths
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.tokens import larger
from recommender.engine.types import UNKNOWN, CannotFit, Dataset, Progress, RowArray, silent

SHRINKAGES = (10.0, 100.0, 1_000.0, 10_000.0)
MOST_SEGMENTS, FEWEST_USERS = 200, 10
"""The most segments of one level, and the fewest users of each."""

STANDARD_ERRORS = 2
"""By how many standard errors smaller segments have to foretell better than the larger ones that they lie in."""

HELD_OUT = 0.2
MOST_JUDGED = 200_000


@dataclass(frozen=True)
class SegmentPopular:
    """Rank by popularity within a segment, shrunk to that within the next larger one, and in the end to that with all
    users: see SegmentModel.

    Bayesian smoothing with a Dirichlet prior: Zhai and Lafferty, "A study of smoothing methods for language models
    applied to information retrieval", 2004, equation 6, with items as words and segments as documents.
    """

    by: str = ""
    """The demographic; empty for the one that best predicts a fifth of what users turned to, which it hasn't seen."""
    shrinkage: float = 0.0
    """The weight of what the next larger segment did beside what a segment did; 0 for those that predict best."""
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
        levels = self._best(pairs, demographics, rng)
        progress(0.8, "counting")
        total = float(pairs.worth.sum())
        names = tuple(name for level in levels for name in level.names)
        return SegmentModel(
            dataset.user_ids,
            dataset.item_ids,
            names,
            _smallest(levels),
            csr_array(vstack([pairs.by_segment(level.members, len(level.names)) for level in levels])),
            (np.bincount(pairs.items, pairs.worth, dataset.n_items) / total).astype(np.float32),
            total,
            np.concatenate([np.full(len(level.names), level.shrinkage, np.float32) for level in levels]),
            _parents(names),
        )

    def _best(
        self, pairs: "_Pairs", demographics: Mapping[str, Sequence["_Level"]], rng: np.random.Generator
    ) -> Sequence["_Level"]:
        """Return the levels of the demographic that predicts best what was held out."""
        is_held = rng.random(len(pairs.items)) < HELD_OUT
        known, held = pairs.take(~is_held), pairs.take(is_held).sample(MOST_JUDGED, rng)
        # One act more for each item: what is held out may not be known at all.
        shares = (np.bincount(known.items, known.worth, known.n_items) + 1) / (known.worth.sum() + known.n_items)
        impersonal = shares[held.items]
        at_least = -np.inf if self.by or not len(held.items) else float(np.log(impersonal).mean())
        best: Sequence[_Level] = ()
        for levels in demographics.values():
            kept, figure = self._kept(levels, known, held, impersonal)
            if kept and (figure > at_least or (not best and self.by)):
                at_least, best = figure, kept
        if not best:
            raise CannotFit("There are no segments worth telling apart: what is popular foretells as well.")
        return best

    def _kept(
        self, levels: Sequence["_Level"], known: "_Pairs", held: "_Pairs", likely: NDArray[np.float64]
    ) -> tuple[list["_Level"], float]:
        """Return the levels that help to predict what was held out, the largest first, each shrunk to the one before,
        and how well they do.
        """
        kept: list[_Level] = []
        for level in levels:
            tried = [replace(level, shrinkage=k) for k in ((self.shrinkage,) if self.shrinkage else SHRINKAGES)]
            found = [known.likelihood(held, one, likely) for one in tried]
            gains = [np.log(one / likely) for one in found]
            best = int(np.argmax([gain.mean() if len(gain) else 0 for gain in gains]))
            # Small segments come in numbers: some of them help by chance.
            at_least = STANDARD_ERRORS * gains[best].std() / np.sqrt(len(likely)) if kept and len(likely) else 0.0
            if (self.by and not kept) or (len(likely) and gains[best].mean() > at_least):
                likely = found[best]
                kept.append(tried[best])
        return kept, float(np.log(likely).mean()) if len(likely) else -np.inf


@dataclass(frozen=True, eq=False)
class _Level:
    """Hold segments that exclude each other: all countries, all regions, all ages."""

    names: tuple[str, ...]
    members: RowArray
    """The segment (n_users,) of each user, or UNKNOWN."""
    shrinkage: float = 0.0


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

    def likelihood(self, held: "_Pairs", level: _Level, likely: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share that each of the held-out items has in what its user's segment did, shrunk to `likely`.

        It stays as it is where the user is in none.
        """
        segments = level.members[held.users]
        there = np.flatnonzero(segments != UNKNOWN)
        counts = self.by_segment(level.members, len(level.names))
        own = np.asarray(counts[segments[there], held.items[there]]).ravel()
        sums = np.asarray(counts.sum(axis=1)).ravel()[segments[there]]
        found = likely.copy()
        found[there] = (own + level.shrinkage * likely[there]) / (sums + level.shrinkage)
        return found


def _smallest(levels: Sequence[_Level]) -> RowArray:
    """Return each user's smallest segment (n_users,), by its number among those of all levels."""
    members = np.full(len(levels[0].members), UNKNOWN, np.int32)
    start = 0
    for level in levels:
        members = np.where(level.members == UNKNOWN, members, level.members + start).astype(np.int32)
        start += len(level.names)
    return members


def _parents(names: Sequence[str]) -> RowArray:
    """Return the next larger segment of each that is among them, or UNKNOWN."""
    rows = {name: row for row, name in enumerate(names)}
    parents = []
    for name in names:
        while (name := larger(name)) and name not in rows:
            pass
        parents.append(rows.get(name, UNKNOWN))
    return np.array(parents, np.int32)


def _demographics(dataset: Dataset) -> dict[str, list[_Level]]:
    """Return the segments of each demographic that have enough users, by levels, the largest first."""
    if dataset.user_segments is None:
        return {}
    users_tokens: Sequence[tuple[str, ...]] = dataset.user_segments.take(dataset.user_ids).tokens
    counts = Counter(token for tokens in users_tokens for token in tokens)
    by_level: dict[tuple[str, int], list[str]] = {}
    for token, count in counts.most_common():
        if count >= FEWEST_USERS:
            by_level.setdefault((token.split(":", 1)[0], token.count(", ")), []).append(token)
    found: dict[str, list[_Level]] = {}
    for (name, _), segments in sorted(by_level.items()):
        names = tuple(sorted(segments[:MOST_SEGMENTS]))
        rows = {segment: row for row, segment in enumerate(names)}
        mine = [next((rows[token] for token in tokens if token in rows), UNKNOWN) for tokens in users_tokens]
        found.setdefault(name, []).append(_Level(names, np.array(mine, np.int32)))
    return found
