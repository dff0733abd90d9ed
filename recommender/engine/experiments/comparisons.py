"""Compare one metric of one variant with the control: difference, lift, and what a guardrail says."""

import math
from dataclasses import dataclass

import numpy as np

from recommender.engine.experiments.checks import GuardrailState, guardrail_state
from recommender.engine.experiments.effects import FEWEST_USERS, Effect, Interval, compare
from recommender.engine.experiments.moments import DENOMINATOR, Moments
from recommender.engine.experiments.sequences import ConfidenceSequence


@dataclass(frozen=True)
class Metric:
    """Describe what is measured."""

    name: str
    more_is_better: bool = True
    margin: float | None = None
    """Makes the metric a guardrail: by how much it may get worse at most (0.02 is 2 % of the control's value)."""
    absolute: bool = False
    """The margin is in the metric's own unit: for counts that may well be 0, such as errors per request."""

    def __post_init__(self) -> None:
        if self.margin is not None and not self.margin > 0:
            raise ValueError(f"The margin of {self.name} must be above 0: nothing can be shown not to differ at all.")


@dataclass(frozen=True)
class Comparison:
    """Hold one metric of one variant against the control."""

    metric: Metric
    variant: str
    effect: Effect
    readable: bool
    """False where there are too few users for the intervals to end."""
    difference: Interval
    """variant - control, in the metric's unit."""
    lift: Interval
    """variant / control - 1."""

    @property
    def gain(self) -> Interval:
        """Return what verdicts go by, turned so that more is better: the lift, or the difference where it is
        absolute."""
        found = self.difference if self.metric.absolute else self.lift
        return found if self.metric.more_is_better else found.negated()

    @property
    def guardrail(self) -> GuardrailState | None:
        """Return what is known of a guardrail; None for a metric without a margin."""
        return None if self.metric.margin is None else guardrail_state(self.gain, self.metric.margin)


def compare_metric(
    metric: Metric, variant: str, control_sums: Moments, variant_sums: Moments, sequence: ConfidenceSequence
) -> Comparison:
    """Compare a variant with the control by a sequence that was tuned in advance.

    The sequence of an absolute metric is tuned to its margin in the metric's unit, and its clock is 1 / standard
    error^2. There the variance of each rate is at least (1 / denominator)^2, as if one thing had been counted: where
    nothing happened in n requests, the rate may still be about 3 / n (Hanley and Lippman-Hand, "If nothing goes wrong,
    is everything all right?", 1983).
    """
    effect = compare(control_sums, variant_sums)
    error, information, readable = float(effect.standard_error), float(effect.information), bool(effect.readable)
    if metric.absolute:
        denominators = [float(sums.sums[DENOMINATOR]) for sums in (control_sums, variant_sums)]
        readable = bool(min(control_sums.n, variant_sums.n) >= FEWEST_USERS) and min(denominators) > 0
        error = math.hypot(*(1 / max(one, 1) for one in denominators), error) if readable else math.nan
        information = error**-2 if readable else 0.0
    estimate = float(effect.variant - effect.control)
    if not readable:
        lift = float(effect.variant / effect.control) - 1 if effect.control > 0 else math.nan
        unknown = Interval(estimate, -math.inf, math.inf)
        return Comparison(metric, variant, effect, readable, unknown, Interval(lift, -1, math.inf))
    multiplier = float(sequence.multiplier(information))
    difference = Interval(estimate, estimate - multiplier * error, estimate + multiplier * error)
    lift_ends = [float(one) for one in effect.lift(np.float64(multiplier))]
    return Comparison(metric, variant, effect, readable, difference, Interval(*lift_ends))
