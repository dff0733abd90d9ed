"""Compute how wide an interval must be that stays valid however often, and whenever, somebody looks at it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from recommender.engine.experiments.moments import Floats

MOST_INFORMATION = 1e15
"""Where the search for the information that a small effect needs gives up."""


@dataclass(frozen=True)
class ConfidenceSequence:
    """Widen standard errors into intervals that all cover the truth at once, at every look, with 1 - alpha.

    Asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit
    theory and asymptotic confidence sequences", 2021 (Annals of Statistics 2024), Theorem 2.2: after t observations

        mean ± sd * sqrt(2 (t rho^2 + 1) / (t^2 rho^2) * log(sqrt(t rho^2 + 1) / alpha)),

    which is ``mean ± standard error * multiplier``. Time runs in information here, effect^-2 instead of users, as in
    their Proposition 2.5, where time is the variance of the sum: users who come back add information without adding
    users. rho must be fixed before the data; it says at which information the interval is the tightest.
    """

    alpha: float
    """Share of experiments in which the interval ever misses the truth."""
    rho: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or not self.rho > 0:
            raise ValueError(f"alpha must be between 0 and 1 and rho above 0, not {self.alpha} and {self.rho}.")

    @classmethod
    def tuned(cls, alpha: float, minimum_effect: float, power: float = 0.8) -> Self:
        """Build the sequence that is tightest when it has just seen enough to find `minimum_effect` with this power.

        ``rho^2 = (-2 log alpha + log(-2 log alpha + 1)) / t`` makes it tightest at t (the paper's Appendix B.2). There
        the multiplier is a number b of alpha alone, and the effect is found where ``effect * sqrt(t) = b + z_power``.
        """
        if not 0 < alpha < 1 or not minimum_effect > 0 or not 0 < power < 1:
            raise ValueError("alpha and power must be between 0 and 1, and the minimum effect above 0.")
        best = -2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)
        tightest = float(cls(alpha, 1.0).multiplier(best))
        information = ((tightest + norm.ppf(power)) / minimum_effect) ** 2
        return cls(alpha, float(np.sqrt(best / information)))

    def multiplier(self, information: ArrayLike) -> Floats:
        """Return by how much the standard error is to be multiplied (...); infinite without information.

        A plain interval would take 1.96 for alpha = 0.05; here it is 3 at best.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            time = np.asarray(information, np.float64) * self.rho**2
            found = np.sqrt(2 * (time + 1) / time * np.log(np.sqrt(time + 1) / self.alpha))
        return np.where(np.isfinite(found), found, np.inf)

    def information_needed(self, effect: float, power: float) -> float:
        """Return the information at which an effect of this size has been found with at least this power.

        Inverts the sequence: the estimate is normal around the effect with standard error ``1 / sqrt(t)``, so the
        interval excludes 0 at t with `power` where ``effect * sqrt(t) = multiplier(t) + z_power``. It may have excluded
        0 before, so the true power is a little higher. Infinite where no amount of information is enough.
        """
        if not effect > 0:
            return float("inf")
        wanted = norm.ppf(power)

        def missing(logarithm: float) -> float:
            information = np.exp(logarithm)
            return float(effect * np.sqrt(information) - self.multiplier(information) - wanted)

        if missing(np.log(MOST_INFORMATION)) < 0:
            return float("inf")
        return float(np.exp(brentq(missing, np.log(1e-6), np.log(MOST_INFORMATION))))
