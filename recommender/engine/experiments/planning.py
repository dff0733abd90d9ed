"""Say how long an experiment must run, before it starts and while it does."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from recommender.engine.experiments.effects import Effect
from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.sequences import ConfidenceSequence


@dataclass(frozen=True)
class Plan:
    """Hold what is fixed before the first user comes: changing it later would spoil the guarantees."""

    minimum_lift: float = 0.05
    """The smallest change of the primary metric that is worth finding (0.05 is 5 %)."""
    alpha: float = 0.05
    """Share of experiments without any difference that may ever call a winner, over all variants and looks."""
    power: float = 0.8
    """Share of experiments with a true lift of `minimum_lift` that find it in the stated time."""

    def __post_init__(self) -> None:
        if not 0 < self.minimum_lift < 1 or not 0 < self.alpha < 1 or not 0.5 <= self.power < 1:
            raise ValueError("The minimum lift and alpha must be between 0 and 1, the power from 0.5 to below 1.")

    @property
    def detectable(self) -> float:
        """Return the minimum lift over the mean of both variants, the unit of the information: L / (1 + L / 2)."""
        return self.minimum_lift / (1 + self.minimum_lift / 2)

    def sequence(self, n_comparisons: int = 1, effect: float | None = None) -> ConfidenceSequence:
        """Return the sequence by which each of several comparisons is read, so that all hold together; tightest where
        an effect of this size (by default the minimum lift) is just found.

        Bonferroni: each gets ``alpha / n_comparisons``. A sequence at that level ever misses the truth with at most
        that probability, whenever it is looked at, so the probability that any of them ever does is at most the sum,
        alpha: no independence and no fixed end is needed. Procedures that sort p-values (Holm, Benjamini and Hochberg)
        set the level of one comparison by what the others show at that look, and would need a proof of their own.
        """
        return ConfidenceSequence.tuned(self.alpha / max(n_comparisons, 1), effect or self.minimum_lift, self.power)


def users_needed(
    plan: Plan, baseline: Moments, shares: Mapping[str, float], control: str, width_factor: float = 1
) -> float:
    """Return the users of all variants together that find the plan's minimum lift of any variant with its power.

    `baseline` has the sums of some users as they are now (one metric, no batch); `width_factor` is what the period
    before takes off the width, as `Effect.width_factor` measured it. Per user the information about a lift is
    ``r^2 / (n Var(r)) / (1 / share_c + 1 / share_v)``, and the least of it among the variants counts.
    """
    challengers = [share for name, share in shares.items() if name != control]
    if control not in shares or not challengers or min(shares.values()) <= 0:
        raise ValueError("Name the control and at least one other variant, each with a share above 0.")
    rates, covariance = baseline.rates()
    spread = float(baseline.n * covariance[0, 0] / rates[0] ** 2) * width_factor**2
    if not (math.isfinite(spread) and spread > 0):
        return math.inf
    whole = sum(shares.values())
    per_user = 1 / (spread * whole * (1 / shares[control] + 1 / min(challengers)))
    return plan.sequence(len(challengers)).information_needed(plan.detectable, plan.power) / per_user


def days_left(effect: Effect, sequence: ConfidenceSequence, plan: Plan, users: int, users_per_day: float) -> float:
    """Return the days until the plan's minimum lift would have been found with its power; 0 where it would be now.

    It goes by the effect that is worth finding, never by the one seen so far: that one is mostly noise while the result
    is open. Information is taken to grow with the users, who are taken to come as they do now. Infinite where nobody
    comes.
    """
    information = float(effect.information)
    if not information > 0 or users <= 0 or users_per_day <= 0:
        return math.inf
    missing = sequence.information_needed(plan.detectable, plan.power) - information
    return max(missing, 0) * users / (information * users_per_day)
