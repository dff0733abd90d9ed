"""Read an experiment: every variant against the control, in one verdict that says what to do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from recommender.engine.experiments import words
from recommender.engine.experiments.checks import GuardrailState, SampleRatio, sample_ratio
from recommender.engine.experiments.comparisons import Comparison, Metric, compare_metric
from recommender.engine.experiments.effects import FEWEST_USERS, Interval
from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.planning import Plan, days_left


class Decision(StrEnum):
    """Name what a result allows; the earlier, the more it says of the experiment as a whole."""

    UNREADABLE = "unreadable"
    """The users are not split as planned."""
    BETTER = "better"
    """Ship it."""
    BETTER_BUT_WAIT = "better_but_wait"
    """A guardrail is not yet sure to hold, or the effect fades."""
    TOO_EARLY = "too_early"
    BETTER_BUT_HARMFUL = "better_but_harmful"
    """A guardrail is surely broken: don't ship."""
    INSIDE_THE_NOISE = "inside_the_noise"
    """Surely no difference worth finding, in either direction."""
    NO_GAIN = "no_gain"
    """Surely not better by what was worth finding; it may be worse."""
    WORSE = "worse"


RANKS = tuple(Decision)
WAIT = ": wait."
"""The advice at the end of a sentence that only a running experiment can follow."""


@dataclass(frozen=True)
class Verdict:
    """Say in a typed value and in one sentence what is known of a variant."""

    decision: Decision
    variant: str
    sentence: str
    gain: Interval | None = None
    """By the primary metric, turned so that more is better."""
    days_left: float | None = None
    """Until an effect worth finding would have been found; only where it is too early."""

    def where_fading(self) -> "Verdict":
        """Return what is known where the effect surely fades from day to day: what is left of it is open."""
        if self.decision is not Decision.BETTER or self.gain is None:
            return self
        said = (
            f"{self.variant} is better by {words.change(self.gain)} so far, but the effect fades from day to day{WAIT}"
        )
        return replace(self, decision=Decision.BETTER_BUT_WAIT, sentence=said)


@dataclass(frozen=True)
class Reading:
    """Hold all that an experiment shows now."""

    sample_ratio: SampleRatio
    comparisons: Sequence[Comparison]
    verdicts: Sequence[Verdict]
    """One for each variant but the control; a single one where the users are not split as planned."""

    @property
    def verdict(self) -> Verdict:
        """Return what the experiment says as a whole: the best variant that may be shipped; else what is still open."""
        return min(
            self.verdicts, key=lambda one: (RANKS.index(one.decision), -one.gain.estimate if one.gain else math.inf)
        )


def read(
    plan: Plan,
    control: str,
    shares: Mapping[str, float],
    users: Mapping[str, int],
    metrics: Mapping[Metric, Mapping[str, Moments]],
    users_per_day: float,
) -> Reading:
    """Compare every variant with the control by every metric, and judge.

    `users` are the exposed users of each variant, `metrics` the sums of each metric by variant, the primary one first,
    `users_per_day` how many new users come to all variants together. The primary metric is corrected for the number of
    variants; all others together, for theirs times the number of variants: two families, each with alpha. May be called
    as often as one likes: every interval is one of a sequence.
    """
    challengers = [name for name in shares if name != control]
    if control not in shares or not challengers or not metrics:
        raise ValueError("A reading needs a control, at least one other variant and a primary metric.")
    primary, *others = metrics
    if primary.absolute:
        raise ValueError(
            f"{primary.name} can't be the primary metric: its margin is absolute, and verdicts tell lifts."
        )
    main = plan.sequence(len(challengers))
    n_others = len(challengers) * len(others)
    sequences = {metric: plan.sequence(n_others, metric.margin) for metric in others} | {primary: main}
    comparisons = [
        compare_metric(metric, name, sums[control], sums[name], sequences[metric])
        for metric, sums in metrics.items()
        for name in challengers
    ]
    ratio = sample_ratio(users, shares)
    if not ratio.passed:
        return Reading(ratio, comparisons, [Verdict(Decision.UNREADABLE, control, ratio.sentence)])
    verdicts = []
    for name in challengers:
        mine = [one for one in comparisons if one.variant == name]
        days = days_left(mine[0].effect, main, plan, sum(users.values()), users_per_day)
        few = _until_readable(min(users[control], users[name]), sum(users.values()), users_per_day)
        verdicts.append(_judge(plan, control, mine[0], mine[1:], days, few))
    return Reading(ratio, comparisons, verdicts)


def _until_readable(fewest: int, users: int, users_per_day: float) -> float:
    """Return the days until each variant has users enough for an interval; 0 where it has, by their number alone."""
    if fewest >= FEWEST_USERS:
        return 0.0
    per_day = users_per_day * fewest / users if users else 0.0
    return (FEWEST_USERS - fewest) / per_day if per_day > 0 else math.inf


def _judge(
    plan: Plan, control: str, primary: Comparison, others: Sequence[Comparison], days: float, few: float
) -> Verdict:
    gain, name, least = primary.gain, primary.variant, words.share(plan.minimum_lift)
    if not primary.readable:
        wait = f" ({words.more_days(few)})" if few > 0 else ""
        said = (
            f"Too early to say: an interval needs {FEWEST_USERS} users in each variant{wait}, and enough of them who "
            f"add to {primary.metric.name}."
        )
        return Verdict(Decision.TOO_EARLY, name, said)
    if gain.above_zero:
        return _judge_winner(primary, others)
    if gain.below_zero:
        return Verdict(Decision.WORSE, name, f"{name} is worse by {words.change(gain)}: keep {control}.", gain)
    if gain.high < plan.minimum_lift:
        if gain.low > -plan.minimum_lift:
            said = f"Inside the noise: {name} differs from {control} by less than {least} ({words.span(gain)})."
            return Verdict(Decision.INSIDE_THE_NOISE, name, said, gain)
        said = f"{name} is not better by {least} or more ({words.span(gain)}): keep {control}."
        return Verdict(Decision.NO_GAIN, name, said, gain)
    needs = f"needs {words.more_days(days)}" if days > 0 else f"an effect of {least} would mostly show by now"
    said = f"Too early to say: the effect of {name} is {words.span(gain)}; {needs}."
    return Verdict(Decision.TOO_EARLY, name, said, gain, days)


def _judge_winner(primary: Comparison, others: Sequence[Comparison]) -> Verdict:
    """Judge a variant that is surely better by the primary metric: every guardrail must hold as well.

    All of them must, so "all hold" needs no correction among them (intersection-union test, Berger 1982); the one they
    have keeps "surely broken" as rare as alpha.
    """
    better = f"{primary.variant} is better by {words.change(primary.gain)}"
    broken, open_ = (
        [one for one in others if one.guardrail is state] for state in (GuardrailState.BROKEN, GuardrailState.OPEN)
    )
    if broken:
        said = f"{better}, but {' and '.join(map(_describe, broken))}: don't ship it."
        return Verdict(Decision.BETTER_BUT_HARMFUL, primary.variant, said, primary.gain)
    if open_:
        said = f"{better}, but {' and '.join(map(_describe, open_))}{WAIT}"
        return Verdict(Decision.BETTER_BUT_WAIT, primary.variant, said, primary.gain)
    held = [one for one in others if one.guardrail is GuardrailState.HOLDS and one.gain.below_zero]
    within = "".join(f" {fallen(one)}, within the {_limit(one)} allowed." for one in held)
    return Verdict(Decision.BETTER, primary.variant, f"{better}, sure enough to ship.{within}", primary.gain)


def fallen(found: Comparison) -> str:
    """Say how much worse a metric surely is: "Diversity is worse by 12 % (9 to 15)"."""
    name, worse = found.metric.name, found.gain.negated()
    by = f"{worse.estimate:.3g} ({worse.low:.3g} to {worse.high:.3g})" if found.metric.absolute else words.change(worse)
    return f"{name[:1].upper()}{name[1:]} is worse by {by}"


def _limit(found: Comparison) -> str:
    margin = found.metric.margin or 0
    return f"{margin:.3g}" if found.metric.absolute else words.share(margin)


def _describe(guardrail: Comparison) -> str:
    """Say what is wrong with a guardrail that does not hold: how much worse it is, or may be, and what is allowed."""
    metric, worse = guardrail.metric, guardrail.gain.negated()
    limit = _limit(guardrail)
    if guardrail.guardrail is GuardrailState.BROKEN:
        found = f"{worse.estimate:.3g}" if metric.absolute else words.change(worse)
        return f"{metric.name} is worse by {found}, more than the {limit} allowed"
    if not guardrail.readable:
        return f"it is too early to tell of {metric.name} if it is worse by more than {limit}"
    most = f"{worse.high:.3g}" if metric.absolute else words.span(worse)
    return f"{metric.name} may still be worse by more than {limit} (by {most})"
