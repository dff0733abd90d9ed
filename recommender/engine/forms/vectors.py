"""Hold models that know items by vectors of length 1, and users by the items they chose."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from scipy.sparse import csr_array

from recommender.engine.forms.csr import csr_from_parts, csr_parts, favourable, without_favour
from recommender.engine.forms.item_weights import sharpened
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, IntArray, Mask, RowArray

NAN = np.float32(np.nan)

POWER = 2.0
"""Strengths as shares of the strongest are squared: the best ratings stand out."""


@dataclass(frozen=True, eq=False)
class VectorModel:
    """Score an item by the cosine of its vector with the weighted sum of those in the user's profile.

    Weights below 0 push away from items: Rocchio, "Relevance feedback in information retrieval", 1971. A user with
    nothing but evidence against starts from the average of all users' sums. NaN for users without a profile, and for
    items of which nothing is known: their vector is zero.
    """

    form: ClassVar[str] = "vectors"

    user_ids: IdMap
    item_ids: IdMap
    vectors: FloatArray
    """(n_items, d), of length 1, or 0."""
    profiles: csr_array
    """Net strengths (n_users, n_items)."""
    idf: FloatArray
    """(n_buckets,), of the tokens' buckets."""
    projection: FloatArray
    """(n_buckets, d): from the tokens of an item to its vector, or to the first part of it."""
    encoder: str = ""
    """The encoder of the sentence embeddings, if there are any,"""
    encoder_projection: FloatArray | None = None
    """and from them to the rest of the vector (e, d)."""

    @cached_property
    def knows(self) -> Mask:
        """Return which items (n_items,) anything is known of."""
        return np.asarray(self.vectors.any(axis=1), bool)

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) of the users at `rows`; NaN for UNKNOWN."""
        if not len(self.user_ids):
            return np.full((len(rows), len(self.item_ids)), NAN)
        scores = self._scores(self.profiles[np.where(rows == UNKNOWN, 0, rows)])
        scores[rows == UNKNOWN] = NAN
        return scores

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of anybody, from their profiles."""
        return self._scores(histories.profiles)

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return NaN (n,) twice: a similarity is no rating."""
        return np.full(len(rows), NAN), np.full(len(rows), NAN)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return the parts (n, n_profile) that add up to the scores: each item's own cosine, as it weighs in the
        user.
        """
        profile = history.profiles[:1]
        mine, length = self._users(profile)
        weight = sharpened(profile.data, POWER) / max(length[0], 1e-9)
        parts = self.vectors[cols] @ (self.vectors[profile.indices] * weight[:, None]).T
        return np.where(self.knows[cols][:, None] & mine.any(), parts, NAN).astype(np.float32)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the cosine (m, n_items), -1..1; NaN for an item of which nothing is known."""
        known = (cols != UNKNOWN) & self.knows[cols]
        similarities = self.vectors[np.where(known, cols, 0)] @ self.vectors.T
        similarities[~known] = NAN
        similarities[:, ~self.knows] = NAN
        return similarities

    def tastes_of(self, profiles: csr_array) -> tuple[FloatArray, IntArray]:
        """Return the directions (m, d), of length 1, in which the items of profiles (m, n_items) lie; how many those
        are (m,).

        Zeros for an empty profile. A score is the cosine of an item's vector with it.
        """
        mine, length = self._users(profiles)
        mine /= np.maximum(length, 1e-9)[:, None]
        return mine, np.diff(profiles.indptr).astype(np.int64)

    def spread_of(self, directions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean and standard deviation (m,) of the scores of all items in directions (m, d), without scoring
        them.
        """
        first, second = self._moments
        mean: FloatArray = (directions @ first).astype(np.float32)
        square = np.einsum("ij,jk,ik->i", directions, second, directions)
        spread: FloatArray = np.sqrt(np.maximum(square - mean**2, 0)).astype(np.float32)
        return mean, spread

    @cached_property
    def _moments(self) -> tuple[FloatArray, FloatArray]:
        known = self.vectors[self.knows]
        n = max(len(known), 1)
        second: FloatArray = (known.T @ known / n).astype(np.float32)
        return known.sum(axis=0) / n, second

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs; the profiles as the parts of their CSR form."""
        return {
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "vectors": self.vectors,
            "idf": self.idf,
            "projection": self.projection,
            **csr_parts("profile", self.profiles),
            **self._encoder_arrays(),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
        user_ids = IdMap(np.asarray(arrays["user_ids"], np.int64))
        item_ids = IdMap(np.asarray(arrays["item_ids"], np.int64))
        vectors, projection = (np.asarray(arrays[name], np.float32) for name in ("vectors", "projection"))
        idf = np.asarray(arrays["idf"], np.float32)
        encoder, second = "", None
        if "encoder" in arrays:
            encoder = str(arrays["encoder"][0])
            second = np.asarray(arrays["encoder_projection"], np.float32)
        width = projection.shape[-1] + (0 if second is None else second.shape[-1])
        if vectors.shape != (len(item_ids), width) or projection.shape[:1] != idf.shape:
            raise ValueError(f"vectors has the shape {vectors.shape}, projection {projection.shape}, idf {idf.shape}.")
        profiles = csr_from_parts("profile", arrays, (len(user_ids), len(item_ids)))
        return cls(user_ids, item_ids, vectors, profiles, idf, projection, encoder, second)

    def _encoder_arrays(self) -> Arrays:
        if self.encoder_projection is None:
            return {}
        return {"encoder": np.array([self.encoder]), "encoder_projection": self.encoder_projection}

    def _scores(self, profiles: csr_array) -> FloatArray:
        mine, length = self._users(profiles)
        mine /= np.maximum(length, 1e-9)[:, None]
        scores: FloatArray = mine @ self.vectors.T
        scores[length == 0] = NAN
        scores += self._silence
        return scores

    @cached_property
    def _silence(self) -> FloatArray:
        """Return NaN for the items (n_items,) of which nothing is known, and 0 for the others."""
        return np.where(self.knows, np.float32(0), NAN)

    def _users(self, profiles: csr_array) -> tuple[FloatArray, FloatArray]:
        """Return the weighted sums (m, d) of profiles (m, n_items), and their lengths (m,)."""
        mine = self._sums(profiles)
        if (opposed := without_favour(profiles)).any():
            mine[opposed] += self._average
        return mine, np.linalg.norm(mine, axis=1)

    def _sums(self, profiles: csr_array) -> FloatArray:
        weights = (sharpened(profiles.data, POWER).astype(np.float32), profiles.indices, profiles.indptr)
        return np.asarray(csr_array(weights, shape=profiles.shape) @ self.vectors, np.float32)

    @cached_property
    def _average(self) -> FloatArray:
        """Return the average (d,) of all users' sums, of what speaks for items."""
        favours = favourable(self.profiles)
        n_users = max(int((np.diff(favours.indptr) > 0).sum()), 1)
        total: FloatArray = self._sums(favours).sum(axis=0) / np.float32(n_users)
        return total
