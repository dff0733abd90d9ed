"""Hold factor models of implicit feedback: no ratings, no biases."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.forms.csr import without_favour
from recommender.engine.forms.item_weights import sharpened
from recommender.engine.forms.latent import cosines
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, Mask, RowArray

NAN = np.float32(np.nan)
POWER = 2.0


@dataclass(frozen=True, eq=False)
class ImplicitFactorModel:
    """Score p_u . q_i, with d factors. NaN for somebody with an empty profile, and for an item nobody chose."""

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
    """The items (n_items,) that any user chose."""
    average: FloatArray
    """The mean factors (d,) of the users with evidence in favour of anything."""

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) of the users at `rows`."""
        factors = self.user_factors[rows]
        is_known = (rows != UNKNOWN) & factors.any(axis=1)
        return self._scores(np.where(is_known[:, None], factors, NAN))

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of anybody, from their profiles."""
        return self._scores(self.fold_in(histories.profiles))

    def fold_in(self, profiles: csr_array) -> FloatArray:
        """Return the factors (m, d) of users from their profiles (m, n_items), items held fixed; NaN for empty ones.

        Hu, Koren and Volinsky, 2008, equation 4: ``p = (Q'Q + Q'(C - I)Q + reg I)^-1 Q'C t``. The preference t is 1
        for items that a profile speaks for, and -1 for those it speaks against. A user with nothing but evidence
        against starts from the average user's factors.
        """
        everything = self._gram
        factors = np.full((profiles.shape[0], self.item_factors.shape[1]), NAN)
        for user, (start, end) in enumerate(pairwise(profiles.indptr)):
            if end > start:
                items, strengths = self.item_factors[profiles.indices[start:end]], profiles.data[start:end]
                trust = confidence(strengths, self.alpha)[:, None]
                wanted = (items * trust * np.sign(strengths)[:, None]).sum(0)
                factors[user] = np.linalg.solve(everything + items.T @ (items * (trust - 1)), wanted)
        if (opposed := without_favour(profiles)).any():
            factors[opposed] += self.average
        return factors

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return NaN (n,) twice: a score is no rating."""
        return np.full(len(rows), NAN), np.full(len(rows), NAN)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return the parts (n, n_profile) that add up to the scores: ``c_ui q_j' W q_i``, W the inverse of `fold_in`.

        Hu, Koren and Volinsky, 2008, section 5, equation 7.
        """
        profile = history.profiles[:1]
        items = self.item_factors[profile.indices]
        trust = confidence(profile.data, self.alpha)[:, None]
        gram = self._gram + items.T @ (items * (trust - 1))
        parts = self.item_factors[cols] @ np.linalg.solve(gram, (items * trust * np.sign(profile.data)[:, None]).T)
        return np.where(self.knows[cols][:, None], parts, NAN).astype(np.float32)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the cosine (m, n_items) of item factors, -1..1; NaN for an item nobody chose."""
        return cosines(self.item_factors, self.knows, cols)

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs."""
        return {
            "constants": np.array([self.reg, self.alpha]),
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "user_factors": self.user_factors,
            "item_factors": self.item_factors,
            "knows": self.knows,
            "average": self.average,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
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
        # Artifacts of earlier versions have no average: that of all users with factors stands in.
        average = np.asarray(arrays["average"] if "average" in arrays else _mean_of_known(users), np.float32)
        return cls(user_ids, item_ids, reg, alpha, users, items, knows, average)

    @cached_property
    def _gram(self) -> FloatArray:
        gram: FloatArray = self.item_factors.T @ self.item_factors
        gram[np.diag_indices_from(gram)] += self.reg
        return gram

    def _scores(self, factors: FloatArray) -> FloatArray:
        scores: FloatArray = factors @ self.item_factors.T
        scores[:, ~self.knows] = NAN
        return scores


def _mean_of_known(factors: FloatArray) -> FloatArray:
    known = factors[factors.any(axis=1)]
    mean: FloatArray = known.mean(axis=0) if len(known) else np.zeros(factors.shape[1], np.float32)
    return mean


def confidence(strengths: FloatArray, alpha: float) -> FloatArray:
    """Return 1 + alpha * x, with x the strength, for or against, as a share of the strongest, squared."""
    return (1 + alpha * np.abs(sharpened(strengths, POWER))).astype(np.float32)
