"""Reduce the users of a variant to sums: all that an experiment's result is computed from.

Roll-ups of the database can make the sums by themselves (count, SUM(x), SUM(x * y)), so that no user's row is ever in
memory. Everything here broadcasts over leading axes (...): many experiments, or many days of one, are read in one call.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

NUMERATOR, DENOMINATOR, NUMERATOR_BEFORE, DENOMINATOR_BEFORE = range(4)
"""The columns of the sums. A metric is always a ratio of two totals per user: clicks over impressions, or, for a mean
per user, acts over 1. The last two are the same totals in the period before the user's first exposure."""

COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Moments:
    """Hold the sums of one metric over the users of one variant; each user counts once, with their totals so far."""

    n: Floats
    """Users (...)."""
    sums: Floats
    """Sums of the four COLUMNS (..., 4)."""
    products: Floats
    """Sums of their squares and cross products (..., 4, 4), symmetric."""

    @classmethod
    def of(
        cls,
        numerator: ArrayLike,
        denominator: ArrayLike | None = None,
        before: ArrayLike | None = None,
        denominator_before: ArrayLike | None = None,
    ) -> Self:
        """Build the sums from the totals of users, each (..., n); a missing denominator is 1, a missing `before` 0."""
        numerators = np.asarray(numerator, np.float64)
        given = (
            numerators,
            np.ones(()) if denominator is None else denominator,
            np.zeros(()) if before is None else before,
            np.ones(()) if denominator_before is None else denominator_before,
        )
        columns = np.stack([np.broadcast_to(np.asarray(one, np.float64), numerators.shape) for one in given], axis=-1)
        products = np.swapaxes(columns, -1, -2) @ columns
        return cls(np.full(numerators.shape[:-1], numerators.shape[-1], np.float64), columns.sum(axis=-2), products)

    @classmethod
    def from_sums(cls, n: float, sums: Sequence[float], products: Sequence[float]) -> Self:
        """Build from what a query has added up: the 4 sums, and the 10 products of the COLUMNS' upper triangle.

        Row by row, that is x x, x y, x x', x y', y y, y x', y y', x' x', x' y', y' y', with ' for the period before.
        """
        upper = np.zeros((COLUMNS, COLUMNS))
        upper[np.triu_indices(COLUMNS)] = products
        return cls(np.array(float(n)), np.array(sums, np.float64), upper + np.triu(upper, 1).T)

    def __add__(self, other: "Moments") -> "Moments":
        """Add the sums of other users; the same user must not be in both."""
        return Moments(self.n + other.n, self.sums + other.sums, self.products + other.products)

    def cumulated(self) -> "Moments":
        """Return the running totals along the first axis, where each step holds the sums of users who are new in it."""
        return Moments(self.n.cumsum(axis=0), self.sums.cumsum(axis=0), self.products.cumsum(axis=0))

    def rates(self) -> tuple[Floats, Floats]:
        """Return the metric and its value before (..., 2), and the covariance of both estimates (..., 2, 2).

        Delta method for a ratio of means r = x / y: ``dr = (dx - r dy) / y``, so
        ``Cov(r, r') = J S J^T / n`` with S the covariance of a user's totals and J that derivative.
        Deng, Knoblich and Lu, "Applying the Delta Method in Metric Analytics", 2018, on ratios of means per user: a
        user's many impressions are one observation. NaN where a denominator is 0, or with fewer than two users.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            n = self.n[..., None]
            means = self.sums / n
            outer = means[..., :, None] * means[..., None, :]
            covariance = (self.products / n[..., None] - outer) * (n / (n - 1))[..., None]
            rates = means[..., [NUMERATOR, NUMERATOR_BEFORE]] / means[..., [DENOMINATOR, DENOMINATOR_BEFORE]]
            jacobian = np.zeros((*rates.shape, COLUMNS))
            for row, (top, bottom) in enumerate(
                [(NUMERATOR, DENOMINATOR), (NUMERATOR_BEFORE, DENOMINATOR_BEFORE)],
            ):
                jacobian[..., row, top] = 1 / means[..., bottom]
                jacobian[..., row, bottom] = -rates[..., row] / means[..., bottom]
            of_rates = jacobian @ covariance @ np.swapaxes(jacobian, -1, -2) / n[..., None]
        return rates, of_rates


def effective_users(*variants: Moments) -> Floats:
    """Return how many users carry the metric (...): Kish's ``(sum x)^2 / sum x^2`` over all the variants.

    For 0 or 1 per user it is the number of users with a 1; a few users with most of the total count as few.
    """
    total = sum((one.sums[..., NUMERATOR] for one in variants), np.zeros(()))
    squares = sum((one.products[..., NUMERATOR, NUMERATOR] for one in variants), np.zeros(()))
    return np.asarray(total**2 / np.maximum(squares, np.finfo(np.float64).tiny))
