"""The form of factor models of implicit feedback: no ratings, no biases."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.forms.item_weights import sharpened
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, Mask, RowArray

NAN = np.float32(np.nan)
POWER = 2.0


@dataclass(frozen=True, eq=False)
class ImplicitFactorModel:
    """Scores p_u . q_i, with d factors. NaN for somebody with an empty profile, and for an item nobody chose."""

    form: ClassVar[str] = "implicit_factors"

    user_ids: IdMap
    item_ids: IdMap
    reg: float
    alpha: float
    user_factors: FloatArray
    """(n_users, d); nothing but zeros for somebody with an empty profile."""
    item_factors: FloatArray
    """(n_items, d)"""
    knows: Mask
    """Which items (n_items,) somebody chose."""

    def score(self, rows: RowArray) -> FloatArray:
        """Ranking scores (m, n_items) of the users at `rows`."""
        factors = self.user_factors[rows]
        is_known = (rows != UNKNOWN) & factors.any(axis=1)
        return self._scores(np.where(is_known[:, None], factors, NAN))

    def score_histories(self, histories: Histories) -> FloatArray:
        """Ranking scores (m, n_items) of anybody, from their profiles."""
        return self._scores(self.fold_in(histories.profiles))

    def fold_in(self, profiles: csr_array) -> FloatArray:
        """The factors (m, d) of people from their profiles (m, n_items), the items held fixed; NaN for an empty one.

        Hu, Koren and Volinsky, 2008, equation 4: ``p = (Q'Q + Q'(C - I)Q + reg I)^-1 Q'C t``.
        """
        everything = self.item_factors.T @ self.item_factors
        everything[np.diag_indices_from(everything)] += self.reg
        factors = np.full((profiles.shape[0], self.item_factors.shape[1]), NAN)
        for person, (start, end) in enumerate(pairwise(profiles.indptr)):
            if end > start:
                items, weight = self.item_factors[profiles.indices[start:end]], profiles.data[start:end]
                trust = confidence(weight, self.alpha)[:, None]
                factors[person] = np.linalg.solve(everything + items.T @ (items * (trust - 1)), (items * trust).sum(0))
        return factors

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """NaN (n,) twice: a score is no rating."""
        return np.full(len(rows), NAN), np.full(len(rows), NAN)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """The parts (n, n_profile) that add up to the scores: ``c_ui q_j' W q_i``, W the inverse of `fold_in`.

        Hu, Koren and Volinsky, 2008, section 5, equation 7.
        """
        profile = history.profiles[:1]
        items = self.item_factors[profile.indices]
        trust = confidence(profile.data, self.alpha)[:, None]
        gram = self.item_factors.T @ self.item_factors + items.T @ (items * (trust - 1))
        gram[np.diag_indices_from(gram)] += self.reg
        parts = self.item_factors[cols] @ np.linalg.solve(gram, (items * trust).T)
        return np.where(self.knows[cols][:, None], parts, NAN).astype(np.float32)

    def similar(self, cols: RowArray) -> FloatArray:
        """Cosine (m, n_items) of item factors, -1..1; NaN for an item nobody chose."""
        lengths = np.where(self.knows, np.linalg.norm(self.item_factors, axis=1), NAN)
        mine = np.where(cols == UNKNOWN, NAN, lengths[cols])
        products = self.item_factors[cols] @ self.item_factors.T
        return (products / np.maximum(mine[:, None] * lengths, np.finfo(np.float32).tiny)).astype(np.float32)

    def arrays(self) -> Arrays:
        """Everything `from_arrays` needs."""
        return {
            "constants": np.array([self.reg, self.alpha]),
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
            "knows": self.knows,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The same model; ValueError where the shapes contradict each other."""
        reg, alpha = (float(constant) for constant in arrays["constants"])
        user_ids = IdMap(np.asarray(arrays["user_ids"], np.int64))
        item_ids = IdMap(np.asarray(arrays["item_ids"], np.int64))
        users, items = (np.asarray(arrays[f"{name}_factors"], np.float32) for name in ("user", "item"))
        knows = np.asarray(arrays["knows"], bool)
        if (len(users), len(items), len(knows)) != (len(user_ids), len(item_ids), len(item_ids)):
            raise ValueError(
                f"{len(user_ids)} people and {len(item_ids)} items don't fit factors of the shapes "
                f"{users.shape} and {items.shape}."
            )
        return cls(user_ids, item_ids, reg, alpha, users, items, knows)

    def _scores(self, factors: FloatArray) -> FloatArray:
        scores: FloatArray = factors @ self.item_factors.T
        scores[:, ~self.knows] = NAN
        return scores


def confidence(strengths: FloatArray, alpha: float) -> FloatArray:
    """1 + alpha * x, with x the strength as a share of the strongest, squared."""
    return (1 + alpha * sharpened(strengths, POWER)).astype(np.float32)
