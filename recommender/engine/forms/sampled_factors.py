"""Hold factor models as draws from their posterior: predictions with their standard deviation."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.forms.latent import NAN, check_shapes, cosines, unexplained
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, Mask, RowArray

SHAPE = 2.0
"""Parameters of the gamma distribution of the precisions of users' noise."""

CHUNK = 16_384
"""Pairs whose draws are looked at together."""


@dataclass(frozen=True, eq=False)
class SampledFactorModel:
    """Predict a rating as the mean over s draws of mean + b_u + b_i + p_u . q_i, with d factors.

    Its variance is that of the draws plus that of the user's noise. A bias of NaN marks a user or an item without any
    rating. Factors are in `unit`s of the scale, of which a scale from 1 to 5 has four.
    """

    form: ClassVar[str] = "sampled_factors"

    user_ids: IdMap
    item_ids: IdMap
    mean: float
    scale_min: float
    scale_max: float
    unit: float
    users: FloatArray
    """(n_users, s, d + 1), the bias last."""
    items: FloatArray
    """(n_items, s, d + 1), the bias last."""
    noise: FloatArray
    """Variance of the noise of each user's ratings (n_users,)."""
    prior_means: NDArray[np.float64]
    """The prior of users' factors and bias, in each draw (s, d + 1)."""
    prior_precisions: NDArray[np.float64]
    """(s, d + 1, d + 1)"""
    rates: NDArray[np.float64]
    """Parameters of the gamma distribution of noise precisions, in each draw (s,)."""

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items): predicted ratings, not clipped."""
        mine = self.users[rows]
        mine[rows == UNKNOWN] = NAN
        return self._scores(mine)

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of users known by their ratings; NaN for somebody without any."""
        found = [self._fold_in(items, values)[0] for items, values in self._rated(histories)]
        return self._scores(np.stack(found)) if found else np.empty((0, len(self.item_ids)), np.float32)

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return predicted ratings (n,), clipped to the scale, and their standard deviation."""
        rating, spread = self._moments(rows, cols)
        return rating, np.sqrt(spread**2 + self.noise[rows] * np.float32(self.unit) ** 2)

    def uncertainty(self, rows: RowArray, cols: RowArray) -> FloatArray:
        """Return the model's own part (n,) of the standard deviation: what more ratings would take away."""
        return self._moments(rows, cols)[1]

    def predict_history(self, history: Histories, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Predict as `predict` does (n,) for one user whom the model has never seen."""
        ((items, values),) = self._rated(history)
        mine, covariances = self._fold_in(items, values)
        theirs = np.ascontiguousarray(self.items[cols].swapaxes(0, 1))
        theirs[:, cols == UNKNOWN] = NAN
        bias = theirs[:, :, -1].copy()
        theirs[:, :, -1] = 1
        draws = (theirs @ mine[:, :, None].astype(np.float32))[:, :, 0] + bias
        own = draws.var(axis=0) + np.einsum("snd,snd->n", theirs @ covariances.astype(np.float32), theirs) / len(mine)
        # The mean of 1 / x under a gamma distribution of shape a and rate b is b / (a - 1).
        variance = own + self.rates.mean() / (SHAPE - 1)
        return self._rating(draws.mean(axis=0)), (self.unit * np.sqrt(variance)).astype(np.float32)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return NaN (n, n_profile): no item of the history speaks for another alone."""
        return unexplained(history, cols)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the cosine (m, n_items) of the item factors of all draws together, -1..1; NaN for an item without
        ratings.
        """
        return cosines(self.items[:, :, :-1].reshape(len(self.items), -1), ~np.isnan(self.items[:, 0, -1]), cols)

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs; the four scalars in one float64 array."""
        return {
            "constants": np.array([self.mean, self.scale_min, self.scale_max, self.unit]),
            "user_ids": self.user_ids.ids,
            "item_ids": self.item_ids.ids,
            "users": self.users,
            "items": self.items,
            "noise": self.noise,
            "prior_means": self.prior_means,
            "prior_precisions": self.prior_precisions,
            "rates": self.rates,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
        mean, scale_min, scale_max, unit = (float(constant) for constant in arrays["constants"])
        model = cls(
            user_ids=IdMap(np.asarray(arrays["user_ids"], np.int64)),
            item_ids=IdMap(np.asarray(arrays["item_ids"], np.int64)),
            mean=mean,
            scale_min=scale_min,
            scale_max=scale_max,
            unit=unit,
            users=np.asarray(arrays["users"], np.float32),
            items=np.asarray(arrays["items"], np.float32),
            noise=np.asarray(arrays["noise"], np.float32),
            prior_means=np.asarray(arrays["prior_means"], np.float64),
            prior_precisions=np.asarray(arrays["prior_precisions"], np.float64),
            rates=np.asarray(arrays["rates"], np.float64),
        )
        model._check_shapes()
        return model

    def _scores(self, mine: FloatArray) -> FloatArray:
        """Return scores (m, n_items) from users' draws (m, s, d + 1)."""
        n_draws, d = self.items.shape[1], self.items.shape[2] - 1
        people, items = (draws[:, :, :-1].reshape(len(draws), n_draws * d) for draws in (mine, self.items))
        scores: FloatArray = people.astype(np.float32) @ items.T
        scores /= np.float32(n_draws)
        scores += mine[:, :, -1].mean(axis=1, dtype=np.float32)[:, None]
        scores += self.items[:, :, -1].mean(axis=1)
        scores *= np.float32(self.unit)
        scores += np.float32(self.mean)
        return scores

    def _moments(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return the mean, clipped, and standard deviation (n,) of the draws."""
        rating, spread = np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            mine, theirs = self.users[rows[part]], self.items[cols[part]]
            draws = np.einsum("nsd,nsd->ns", mine[:, :, :-1], theirs[:, :, :-1]) + mine[:, :, -1] + theirs[:, :, -1]
            draws[(rows[part] == UNKNOWN) | (cols[part] == UNKNOWN)] = NAN
            rating[part] = self._rating(draws.mean(axis=1))
            spread[part] = draws.std(axis=1) * np.float32(self.unit)
        return rating, spread

    def _rating(self, factors: NDArray[np.floating]) -> FloatArray:
        """Bring ratings back to their own scale, clipped to it."""
        return np.clip(self.mean + self.unit * factors, self.scale_min, self.scale_max).astype(np.float32)

    def _rated(self, histories: Histories) -> list[tuple[RowArray, NDArray[np.float64]]]:
        """Return each user's items that the model knows, and the ratings they gave, from the mean, in units."""
        known = histories.ratings
        values = (known.data.astype(np.float64) - self.mean) / self.unit
        knows: Mask = ~np.isnan(self.items[known.indices, 0, -1])
        return [
            (known.indices[start:end][knows[start:end]], values[start:end][knows[start:end]])
            for start, end in pairwise(known.indptr)
        ]

    def _fold_in(self, items: RowArray, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return means (s, d + 1) and covariances (s, d + 1, d + 1) of a new user's factors and bias, the items held
        fixed.

        In each draw it is the posterior under that draw's prior and mean noise: equations 11 to 13 of the paper that
        `bpmf` names. NaN without ratings.
        """
        if not len(items):
            return np.full_like(self.prior_means, np.nan), np.full_like(self.prior_precisions, np.nan)
        design = self.items[items].astype(np.float64).swapaxes(0, 1)
        towards = values - design[:, :, -1]
        design[:, :, -1] = 1
        noise = (SHAPE / self.rates)[:, None, None]
        gram = noise * (design.swapaxes(1, 2) @ design)
        covariances = np.linalg.inv(self.prior_precisions + gram).astype(np.float64, copy=False)
        pull = noise * (design.swapaxes(1, 2) @ towards[:, :, None])
        prior = self.prior_precisions @ self.prior_means[:, :, None]
        return (covariances @ (prior + pull))[:, :, 0], covariances

    def _check_shapes(self) -> None:
        n_draws, d = self.items.shape[1:] if self.items.ndim == 3 else (0, 0)
        wanted = {
            "users": (len(self.user_ids), n_draws, d),
            "items": (len(self.item_ids), n_draws, d),
            "noise": (len(self.user_ids),),
            "prior_means": (n_draws, d),
            "prior_precisions": (n_draws, d, d),
            "rates": (n_draws,),
        }
        check_shapes(self, wanted)
