"""Estimate the difference and the lift between two variants, with the noise that was there before taken out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from recommender.engine.experiments.moments import NUMERATOR, Floats, Moments, effective_users
from recommender.engine.types import Mask

FEWEST_USERS = 100
"""Users in each variant below whom nothing is read: the interval is an approximation for many."""

FEWEST_EFFECTIVE = 25
"""Users who carry the metric that each variant should have, by the rate of both together, before it is read."""


@dataclass(frozen=True)
class Interval:
    """Hold an estimate and the ends of its interval."""

    estimate: float
    low: float
    high: float

    @property
    def above_zero(self) -> bool:
        """Return True where it is surely above 0."""
        return self.low > 0

    @property
    def below_zero(self) -> bool:
        """Return True where it is surely below 0."""
        return self.high < 0

    def negated(self) -> "Interval":
        """Return the interval of the opposite, for metrics of which less is better."""
        return Interval(-self.estimate, -self.high, -self.low)


@dataclass(frozen=True, eq=False)
class Effect:
    """Hold the metric of two variants and how sure both are; arrays of one shape (...)."""

    control: Floats
    variant: Floats
    control_variance: Floats
    variant_variance: Floats
    covariance: Floats
    """Of the two estimates: not 0 once both were adjusted by the same period before."""
    width_factor: Floats
    """Width of the interval over its width without the period before: sqrt(1 - correlation^2)."""
    information: Floats
    """The clock of the sequence: (mean of both / standard error of the difference)^2, free of the metric's unit."""
    readable: Mask
    """True where there are enough users for an interval to mean anything."""

    @property
    def standard_error(self) -> Floats:
        """Return the standard error of the difference (...)."""
        return np.sqrt(self.control_variance + self.variant_variance - 2 * self.covariance)

    def difference(self, multiplier: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return variant - control, and the ends of its interval, in the metric's unit; each (...)."""
        with np.errstate(invalid="ignore"):
            radius = np.asarray(multiplier) * self.standard_error
        found = self.variant - self.control
        return found, found - radius, found + radius

    def lift(self, multiplier: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return variant / control - 1, and the ends of its interval; each (...). 0.08 is 8 % more.

        Fieller 1954: all lifts L for which ``variant - (1 + L) control`` may be 0. It excludes 0 exactly where the
        interval of the difference does. From -1 to infinity where the control itself may be 0.
        """
        squared = np.asarray(multiplier, np.float64) ** 2
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            a = self.control**2 - squared * self.control_variance
            h = self.control * self.variant - squared * self.covariance
            g = self.variant**2 - squared * self.variant_variance
            root = np.sqrt(np.maximum(h**2 - a * g, 0))
            bounded = (a > 0) & np.isfinite(root)
            low, high = np.where(bounded, (h - root) / a, 0), np.where(bounded, (h + root) / a, np.inf)
            return self.variant / self.control - 1, np.maximum(low, 0) - 1, high - 1


def compare(control: Moments, variant: Moments) -> Effect:
    """Estimate the effect of a variant against the control, adjusted by the period before where that helps.

    CUPED (Deng, Xu, Kohavi and Walker, "Improving the Sensitivity of Online Controlled Experiments by Utilizing
    Pre-Experiment Data", 2013, the control variates of section 3), for ratios as well as means: with r the metric and p
    its value before,

        difference = (r_v - r_c) - theta (p_v - p_c),  theta = Cov(r_v - r_c, p_v - p_c) / Var(p_v - p_c).

    The variants didn't differ before, so the estimate stays unbiased and its variance falls by 1 - correlation^2. The
    variants themselves are moved to the common value before, ``r - theta (p - mean p)``, which gives the lift. Without
    a period before, theta is 0 and nothing changes.
    """
    (rates_c, cov_c), (rates_v, cov_v) = control.rates(), variant.rates()
    weight = control.n / (control.n + variant.n)
    before = cov_c[..., 1, 1] + cov_v[..., 1, 1]
    together = cov_c[..., 0, 1] + cov_v[..., 0, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        theta = np.where(before > 0, together / before, 0)
    theta = np.where(np.isfinite(theta), theta, 0)
    usable = theta != 0
    before, together, shift, own_c, own_v = (
        np.where(usable, one, 0)
        for one in (before, together, rates_c[..., 1] - rates_v[..., 1], cov_c[..., 0, 1], cov_v[..., 0, 1])
    )
    to_c, to_v = theta * (1 - weight), theta * weight
    adjusted_c, adjusted_v = rates_c[..., 0] - to_c * shift, rates_v[..., 0] + to_v * shift
    var_c = cov_c[..., 0, 0] - 2 * to_c * own_c + to_c**2 * before
    var_v = cov_v[..., 0, 0] - 2 * to_v * own_v + to_v**2 * before
    covariance = to_v * own_c + to_c * own_v - to_c * to_v * before
    raw = cov_c[..., 0, 0] + cov_v[..., 0, 0]
    squared_error = np.maximum(var_c + var_v - 2 * covariance, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.sqrt(squared_error / raw)
        information = (weight * adjusted_c + (1 - weight) * adjusted_v) ** 2 / squared_error
    smaller = np.minimum(control.n, variant.n)
    carried = effective_users(control, variant) * smaller / (control.n + variant.n)
    readable = (smaller >= FEWEST_USERS) & (carried >= FEWEST_EFFECTIVE) & (squared_error > 0)
    readable &= (control.sums[..., NUMERATOR] >= 0) & (variant.sums[..., NUMERATOR] >= 0)
    return Effect(
        adjusted_c, adjusted_v, var_c, var_v, covariance, factor, np.where(readable, information, 0), readable
    )
