"""Show how an effect changes from day to day: what is new draws clicks for a while because it is new."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from recommender.engine.experiments.effects import compare
from recommender.engine.experiments.moments import Floats, Moments

FEWEST_DAYS = 7
"""Days that must be readable before a trend is spoken of: a week has its own ups and downs."""

DAILY = float(norm.ppf(0.975))
SURE = float(norm.ppf(0.995))


@dataclass(frozen=True, eq=False)
class NoveltyCurve:
    """Hold the lift of each day by itself (d,), NaN where a day has too few users, and its trend."""

    lifts: Floats
    low: Floats
    high: Floats
    """Ends of each day's plain 95 % interval: for the eye; decisions are read from the whole."""
    slope: float
    """Change of the lift per day; NaN with fewer than FEWEST_DAYS days that can be read."""
    slope_error: float

    @property
    def fading(self) -> bool:
        """Return True where the effect surely shrinks towards 0 (99 %): wait before it is shipped."""
        return self._trend(-1)

    @property
    def growing(self) -> bool:
        """Return True where the effect surely grows away from 0 (99 %): users are still learning it."""
        return self._trend(1)

    @property
    def sentence(self) -> str:
        """Return the trend in words."""
        if not np.isfinite(self.slope):
            return f"Fewer than {FEWEST_DAYS} days with enough users: no trend can be told."
        if self.fading:
            return "The effect fades from day to day: part of it is novelty. Let it run on before you ship."
        if self.growing:
            return "The effect grows from day to day: users are still getting used to it."
        return "The effect shows no trend over the days."

    def _trend(self, direction: int) -> bool:
        sign = np.sign(np.nansum(self.lifts)) * direction
        return bool(np.isfinite(self.slope) and self.slope * sign > SURE * self.slope_error)


def novelty_curve(control: Moments, variant: Moments) -> NoveltyCurve:
    """Return the effect of each day, from the sums of each day's users by that day's totals; n (d,).

    The trend is a straight line through the lifts, weighted by 1 / variance (weighted least squares). A user who comes
    on several days makes neighbouring days alike, which makes the slope's true error smaller than the one that is
    stated.
    """
    effect = compare(control, variant)
    lifts, low, high = (np.where(effect.readable, one, np.nan) for one in effect.lift(DAILY))
    with np.errstate(divide="ignore", invalid="ignore"):
        # Delta method of a ratio: at a lift L, Var(L) = (Var v + (1 + L)^2 Var c - 2 (1 + L) Cov) / c^2.
        ratio = effect.variant / effect.control
        variance = effect.variant_variance + ratio**2 * effect.control_variance - 2 * ratio * effect.covariance
        weights = np.where(effect.readable & (variance > 0), effect.control**2 / variance, 0)
    weights = np.where(np.isfinite(weights), weights, 0)
    if (weights > 0).sum() < FEWEST_DAYS:
        return NoveltyCurve(lifts, low, high, float("nan"), float("nan"))
    days = np.arange(len(weights)) - np.average(np.arange(len(weights)), weights=weights)
    spread = float(weights @ days**2)
    slope = float(weights @ (days * np.where(weights > 0, lifts, 0))) / spread
    return NoveltyCurve(lifts, low, high, slope, spread**-0.5)
