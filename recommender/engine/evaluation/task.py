"""Derive from a split what every algorithm is judged by: which users, which items, which lists."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.algorithms.popular import Popular
from recommender.engine.algorithms.segment_popular import SegmentPopular
from recommender.engine.evaluation.split import Split
from recommender.engine.feedback import relevant_unseen, seen
from recommender.engine.ranking import chain_lists, score_blocks
from recommender.engine.types import UNDATED, UNKNOWN, CannotFit, IntArray, Model, RowArray

AGES = ("new", "under a month", "under a year", "older")
"""Ages of items: how long they had been in the training part when it ended; new ones are not in it."""

AGE_EDGES = np.array([0, 30, 365])
DAY = 86_400


@dataclass(frozen=True, eq=False)
class Task:
    """Hold a split with what every algorithm is judged by."""

    split: Split
    k: int
    already: csr_array
    """Seen in the training part, or hidden by the split (n_users, n_items)."""
    wanted: csr_array
    """Relevant in the test part and not `already` seen (n_users, n_items)."""
    users: RowArray
    """The users with something wanted: the others are skipped."""
    activity: NDArray[np.integer]
    """The number of items that each of the users had seen in the training part (len(users),)."""

    @classmethod
    def of(cls, split: Split, k: int) -> "Task":
        """Build the task of a split for lists of k items."""
        learned = seen(split.train)
        already = learned if split.hidden is None else learned.maximum(seen(split.hidden)).tocsr()
        wanted = relevant_unseen(split.test, already)
        users = np.flatnonzero(np.diff(wanted.indptr)).astype(np.int32)
        return cls(split, k, already, wanted, users, np.diff(learned.indptr)[users])

    def rank(self, model: Model, n: int) -> RowArray:
        """Return the n best unseen items (len(users), n) for each of the users; UNKNOWN where the model can't say."""
        return self._ranked(model, self.users, n)

    def fill(self, lists: RowArray) -> RowArray:
        """Fill short lists (len(users), n) as the product does: by the user's segment, then by popularity."""
        short = np.flatnonzero((lists == UNKNOWN).any(axis=1))
        if not len(short):
            return lists
        unsaid = np.full((len(short), lists.shape[1]), np.nan, np.float32)
        filling = [(lists[short], unsaid)]
        filling += [(self._ranked(model, self.users[short], lists.shape[1]), unsaid) for model in self._fillers]
        filled = lists.copy()
        filled[short] = chain_lists(lists.shape[1], filling)[0]
        return filled

    @cached_property
    def item_ages(self) -> IntArray | None:
        """Return which of AGES each item (n_items,) is of; None where no training event has a time."""
        train = self.split.train
        dated = train.select(train.times != UNDATED)
        if not len(dated):
            return None
        first = np.full(train.n_items, np.iinfo(np.int64).max)
        np.minimum.at(first, dated.items, dated.times)
        days = (dated.times.max() - np.minimum(first, dated.times.max())) / DAY
        ages = np.searchsorted(AGE_EDGES, days, side="right")
        ages[np.bincount(train.items, minlength=train.n_items) == 0] = 0
        return ages

    @cached_property
    def _fillers(self) -> Sequence[Model]:
        found: list[Model] = []
        for algorithm in (SegmentPopular(), Popular()):
            with suppress(CannotFit):
                found.append(algorithm.fit(self.split.train, np.random.default_rng(0)))
        return found

    def _ranked(self, model: Model, users: RowArray, n: int) -> RowArray:
        blocks = [rows for _, rows, _ in score_blocks(model, users, n, self.already[users])]
        return np.concatenate(blocks) if blocks else np.empty((0, n), np.int32)
