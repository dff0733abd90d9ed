"""Hold models that rank an item by what a user's other items say for it."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.evidence import STRONGEST
from recommender.engine.forms.csr import csr_from_parts, csr_parts, favourable, without_favour
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, Mask, RowArray

NAN = np.float32(np.nan)


@dataclass(frozen=True, eq=False)
class ItemWeightsModel:
    """Score an item j by ``sum over the user's items i of x_i * w_ij``.

    x_i is what a profile says of an item, raised to `power` and divided by `unit`; below 0 where it speaks against the
    item, which so pushes away what is like it. A user with nothing but evidence against starts from the average of all
    users' x. NaN for a user with an empty profile, and for an item of which the model knows nothing.
    """

    form: ClassVar[str] = "item_weights"

    user_ids: IdMap
    item_ids: IdMap
    power: float
    unit: float
    """The divisor that brings the mean square of the training's x to 1."""
    knows: Mask
    """The items (n_items,) that the model can score."""
    profiles: csr_array
    """(n_users, n_items), as they were when the model was trained."""
    weights: csr_array
    """(n_items, n_items); the columns of items that the model doesn't know are empty."""
    reg: float = 0.0
    """The regularisation that the weights were solved with; 0 where there was none, or nothing says which."""

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) of the users at `rows`, from their profiles at the training."""
        return self._scores(self.profiles[np.where(rows == UNKNOWN, 0, rows)], rows == UNKNOWN)

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of anybody, from their profiles."""
        return self._scores(histories.profiles, np.zeros(len(histories), bool))

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return NaN (n,) twice: a score is no rating."""
        return np.full(len(rows), NAN), np.full(len(rows), NAN)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return the parts x_i * w_ij (n, n_profile) that add up to the scores of the items at `cols`."""
        profile = history.profiles[:1]
        parts = self.weights[profile.indices][:, cols].toarray().T * self._x(profile.data)
        return np.where(self.knows[cols][:, None], parts, NAN).astype(np.float32)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the weights (m, n_items) of the items at `cols`; nothing is more like an item than itself."""
        known = (cols != UNKNOWN) & self.knows[cols]
        similarities = self.weights[np.where(known, cols, 0)].toarray()
        similarities[np.arange(len(cols)), np.where(known, cols, 0)] = similarities.max(axis=1, initial=0)
        similarities[~known] = NAN
        similarities[:, ~self.knows] = NAN
        return similarities

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs; the matrices as the parts of their CSR form."""
        return {
            "constants": np.array([self.power, self.unit, self.reg]),
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "knows": self.knows,
            **csr_parts("profile", self.profiles),
            **csr_parts("weight", self.weights),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
        # Models of before have no regularisation among them.
        power, unit, *reg = (float(constant) for constant in arrays["constants"])
        user_ids = IdMap(np.asarray(arrays["user_ids"], np.int64))
        item_ids = IdMap(np.asarray(arrays["item_ids"], np.int64))
        knows = np.asarray(arrays["knows"], bool)
        if knows.shape != (len(item_ids),):
            raise ValueError(f"knows has the shape {knows.shape} where {(len(item_ids),)} was expected.")
        profiles = csr_from_parts("profile", arrays, (len(user_ids), len(item_ids)))
        weights = csr_from_parts("weight", arrays, (len(item_ids), len(item_ids)))
        return cls(user_ids, item_ids, power, unit, knows, profiles, weights, *reg)

    def _scores(self, profiles: csr_array, unknown: Mask) -> FloatArray:
        # With rows numbered as in `weights`, which would be converted as a whole for each product otherwise.
        parts = (self._x(profiles.data), profiles.indices.astype(np.int32), profiles.indptr.astype(np.int32))
        scores: FloatArray = (csr_array(parts, shape=profiles.shape) @ self.weights).toarray()
        if (opposed := without_favour(profiles)).any():
            scores[opposed] += self._average
        scores[unknown | (np.diff(profiles.indptr) == 0)] = NAN
        scores += self._silence
        return scores

    @cached_property
    def _silence(self) -> FloatArray:
        """Return NaN for the items (n_items,) that the model can't score, and 0 for the others: quicker than a mask."""
        return np.where(self.knows, np.float32(0), NAN)

    @cached_property
    def _average(self) -> FloatArray:
        """Return the scores (n_items,) of the average user, from what all profiles say in favour."""
        favours = favourable(self.profiles)
        n_users = max(int((np.diff(favours.indptr) > 0).sum()), 1)
        x = np.bincount(favours.indices, self._x(favours.data), len(self.item_ids)) / n_users
        average: FloatArray = (x.astype(np.float32) @ self.weights).astype(np.float32)
        return average

    def _x(self, strengths: FloatArray) -> FloatArray:
        return (sharpened(strengths, self.power) / self.unit).astype(np.float32)


def sharpened(strengths: FloatArray, power: float) -> FloatArray:
    """Return strengths as shares of the strongest, 2 at the most, raised to `power`; what is against stays below 0.

    A power of 2 lets the best ratings stand out.
    """
    out: FloatArray = np.sign(strengths) * np.minimum(np.abs(strengths) / STRONGEST, 2.0) ** np.float32(power)
    return out


def strongest(weights: FloatArray, n: int) -> csr_array:
    """Return a square matrix with the n entries of each column that are farthest from 0."""
    n_items = len(weights)
    if n < n_items:
        for start in range(0, n_items, 512):
            part = np.abs(weights[:, start : start + 512])
            bound = np.partition(part, n_items - n, axis=0)[n_items - n]
            weights[:, start : start + 512][part < bound] = 0
    return csr_array(weights)
