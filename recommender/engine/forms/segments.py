"""Hold models that rank the same way for all users of a segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.forms.csr import csr_from_parts, csr_parts
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, Mask, RowArray, Tokens

NAN = np.float32(np.nan)


@dataclass(frozen=True, eq=False)
class SegmentModel:
    """Score an item by ``C * p_si`` for everybody in the segment s, with ``p_si = (c_si + k_s * q_si) / (C_s + k_s)``.

    c_si is what users of the segment did in favour of the item and C_s the sum of it, k_s the shrinkage. q_si is the
    item's share in the next larger segment, which is made in the same way: a city's in its region, a region's in its
    country. Without a larger one it is the share of what all users did, the sum of which is C. NaN for users of none
    of its segments.
    """

    form: ClassVar[str] = "segments"

    user_ids: IdMap
    item_ids: IdMap
    names: tuple[str, ...]
    """The names of the segments: "age:30-39"."""
    members: RowArray
    """The smallest segment (n_users,) of each user, or UNKNOWN."""
    counts: csr_array
    """(n_segments, n_items)"""
    shares: FloatArray
    """(n_items,)"""
    total: float
    shrinkages: FloatArray
    """(n_segments,)"""
    parents: RowArray
    """The next larger segment (n_segments,) of each, or UNKNOWN."""

    @property
    def knows(self) -> Mask:
        """Return the items (n_items,) that somebody turned to."""
        return np.asarray(self.shares > 0, bool)

    def segments_of(self, people: Sequence[Tokens]) -> RowArray:
        """Return the smallest segment (n,) of users of whom these are known, or UNKNOWN."""
        rows = [next((self._rows[name] for name in names if name in self._rows), UNKNOWN) for names in people]
        return np.array(rows, np.int32)

    def score_segments(self, segments: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) for the users of segments (m,); a row of NaN for UNKNOWN."""
        if not self.names:
            return np.full((len(segments), len(self.item_ids)), NAN)
        scores: FloatArray = np.tile(self.shares, (len(segments), 1))
        for larger in self._lineage[np.where(segments == UNKNOWN, 0, segments)].T:
            there = np.flatnonzero(larger != UNKNOWN)
            own, k = self.counts[larger[there]].toarray(), self.shrinkages[larger[there], None]
            scores[there] = (own + k * scores[there]) / (own.sum(axis=1, keepdims=True) + k)
        scores *= self.total
        scores[segments == UNKNOWN] = NAN
        return scores.astype(np.float32, copy=False)

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) of the users at `rows`."""
        members = np.append(self.members, np.int32(UNKNOWN))
        return self.score_segments(members[rows])

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of anybody, from their segments; NaN where none are known."""
        return self.score_segments(self.segments_of(histories.segments or ((),) * len(histories)))

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return NaN (n,) twice: a place in a list is no rating."""
        return np.full(len(rows), NAN), np.full(len(rows), NAN)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return NaN (n, n_profile): nothing that somebody did has a part in it."""
        return np.full((len(cols), history.profiles.nnz), NAN)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return NaN (m, n_items): it can't say what is like what."""
        return np.full((len(cols), len(self.item_ids)), NAN)

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs."""
        return {
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "names": np.array(self.names, np.str_),
            "members": self.members,
            **csr_parts("count", self.counts),
            "shares": self.shares,
            "constants": np.array([self.total]),
            "shrinkages": self.shrinkages,
            "parents": self.parents,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
        user_ids = IdMap(np.asarray(arrays["user_ids"], np.int64))
        item_ids = IdMap(np.asarray(arrays["item_ids"], np.int64))
        names = tuple(arrays["names"].tolist())
        members, shares = np.asarray(arrays["members"], np.int32), np.asarray(arrays["shares"], np.float32)
        if members.shape != (len(user_ids),) or shares.shape != (len(item_ids),):
            raise ValueError(f"members has the shape {members.shape}, and shares has the shape {shares.shape}.")
        counts = csr_from_parts("count", arrays, (len(names), len(item_ids)))
        # Models of before have one shrinkage, beside the total, and no larger segments.
        total, *shrinkage = (float(constant) for constant in arrays["constants"])
        shrinkages = np.asarray(arrays.get("shrinkages", np.tile(shrinkage, len(names))), np.float32)
        parents = np.asarray(arrays.get("parents", np.full(len(names), UNKNOWN)), np.int32)
        if shrinkages.shape != (len(names),) or parents.shape != (len(names),):
            raise ValueError(f"shrinkages has the shape {shrinkages.shape}, and parents has the shape {parents.shape}.")
        if parents.min(initial=UNKNOWN) < UNKNOWN or parents.max(initial=UNKNOWN) >= len(names):
            raise ValueError("parents names segments that are not there.")
        model = cls(user_ids, item_ids, names, members, counts, shares, total, shrinkages, parents)
        if len(model._lineage) != len(names):
            raise ValueError("parents leads in a circle.")
        return model

    @cached_property
    def _lineage(self) -> RowArray:
        """Return each segment (n_segments, depth) after the larger ones that it lies in, the largest first."""
        columns = [np.arange(len(self.names), dtype=np.int32)]
        while (columns[0] != UNKNOWN).any():
            if len(columns) > len(self.names):
                # A place that lies in itself would go on for ever.
                return np.empty((0, 0), np.int32)
            columns.insert(0, np.append(self.parents, np.int32(UNKNOWN))[columns[0]])
        return np.stack(columns[1:], axis=1)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}
