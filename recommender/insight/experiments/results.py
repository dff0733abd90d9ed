"""Read an experiment: what its totals say, in numbers, by day, and in words."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from recommender.engine.experiments.comparisons import Comparison, Metric, compare_metric
from recommender.engine.experiments.effects import Interval
from recommender.engine.experiments.interleaving import POWER, days_left, preference
from recommender.engine.experiments.moments import Floats, Moments
from recommender.engine.experiments.novelty import NoveltyCurve, novelty_curve
from recommender.engine.experiments.planning import Plan
from recommender.engine.experiments.readings import WAIT, Decision, Reading, fallen, read
from recommender.engine.experiments.sequences import ConfidenceSequence
from recommender.insight.experiments import preferences
from recommender.insight.experiments.metrics import METRICS
from recommender.insight.experiments.moments import Sums, read_sums
from recommender.models import Experiment

State = Experiment.State
RECENT_DAYS = 7
"""The last days by which it is judged how many new users come."""

PRIMARY, GUARDRAIL, ALSO = "primary", "guardrail", "also"
"""What a comparison is for."""

NOBODY_YET = "Too early to say: nobody has seen it yet. Lists are counted about a minute after they are shown."
NOBODY_EVER = "It was stopped before anybody had seen it."
NEVER_STARTED = "It was never started, so there is nothing to read."


@dataclass(frozen=True, slots=True)
class DayPoint:
    """Hold the lift of a variant by the primary metric, as it was at the end of a day."""

    day: date
    variant: str
    users: int
    lift: Interval
    readable: bool


@dataclass(frozen=True)
class Result:
    """Hold what an experiment shows now."""

    decision: str
    sentence: str
    variant: str | None
    """Of which the sentence speaks."""
    users: Mapping[str, int]
    crossed: int
    """Users who saw several variants, after a login for example: they count nowhere."""
    reading: Reading | None
    """None before anybody has seen it."""
    days: Sequence[DayPoint]
    novelty: Mapping[str, NoveltyCurve]
    """The effect of each day by itself and its trend, by variant."""
    also: Sequence[Comparison] = ()
    """Metrics that decide nothing; their intervals hold together."""
    preference: Interval | None = None
    """Of an interleaved experiment: how much the second ranking is preferred, from -1 to 1."""

    @property
    def winner(self) -> str | None:
        """Return the variant that may be shipped."""
        if self.preference:
            return self.variant if self.decision == Decision.BETTER else None
        best = self.reading.verdict if self.reading and self.decision == Decision.BETTER else None
        return best.variant if best else None


def result_of(experiment: Experiment) -> Result:
    """Return what the experiment shows now. It may be asked as often as one likes: see docs/EXPERIMENTS.md."""
    variants = list(experiment.variants.all())
    names = [one.name for one in variants]
    nothing = dict.fromkeys(names, 0)
    if experiment.started_at is None:
        return Result(Decision.TOO_EARLY, NEVER_STARTED, None, nothing, 0, None, [], {})
    if experiment.kind == Experiment.Kind.INTERLEAVING:
        return _preferred(experiment, names)
    sums = read_sums(experiment, list(METRICS), names)
    if not sums.days:
        return Result(Decision.TOO_EARLY, _unseen(experiment), None, nothing, sums.crossed, None, [], {})
    plan, control = Plan(minimum_lift=experiment.minimum_lift), names[0]
    users = {name: int(sums.users[name][-1]) for name in names}
    shares = {one.name: one.share for one in variants}
    with np.errstate(divide="ignore", invalid="ignore"):
        reading = read(plan, control, shares, users, _latest(experiment, sums), _users_per_day(sums))
        days = list(_by_day(plan, control, experiment, sums))
        primary = sums.by_metric[experiment.primary_metric]
        novelty = {
            name: novelty_curve(primary[control].daily, primary[name].daily) for name in names if name != control
        }
        also = list(_also(plan, control, experiment, sums))
    fading = {name for name, curve in novelty.items() if curve.fading}
    verdicts = [one.where_fading() if one.variant in fading else one for one in reading.verdicts]
    reading = replace(reading, verdicts=verdicts)
    verdict = reading.verdict
    sentence = verdict.sentence
    if experiment.kind == Experiment.Kind.AA:
        sentence = _of_aa(verdict.decision, sentence)
    if verdict.decision is Decision.TOO_EARLY and experiment.state in (State.STOPPED, State.ARCHIVED):
        sentence = sentence.replace("Too early", "It was stopped too early").replace("; needs ", "; it needed ")
    about = None if verdict.decision is Decision.UNREADABLE else verdict.variant
    if about and experiment.kind == Experiment.Kind.AB:
        sentence += _unwatched(about, also)
    sentence = _afterwards(experiment, sentence)
    return Result(verdict.decision, sentence, about, users, sums.crossed, reading, days, novelty, also)


def _unseen(experiment: Experiment) -> str:
    return NOBODY_EVER if experiment.state in (State.STOPPED, State.ARCHIVED) else NOBODY_YET


def as_json(experiment: Experiment, found: Result) -> dict[str, Any]:
    """Return a result as the API answers it; null where a number is not known."""
    ratio = found.reading.sample_ratio if found.reading else None
    return {
        "experiment": experiment.key,
        "state": experiment.state,
        "decision": found.decision,
        "sentence": found.sentence,
        "variant": found.variant,
        "winner": found.winner,
        "users": dict(found.users),
        "crossed_users": found.crossed,
        "sample_ratio": ratio and {"p_value": ratio.p_value, "passed": ratio.passed, "sentence": ratio.sentence},
        "shown_by": experiment.shown_by,
        "comparisons": [_comparison_as_json(one, role) for role, one in comparisons_of(found)],
        "days": [
            {"day": one.day, "variant": one.variant, "users": one.users, "lift": _interval(one.lift)}
            for one in found.days
        ],
        "novelty": {name: curve.sentence for name, curve in found.novelty.items()},
        "preference": found.preference and _interval(found.preference),
    }


def comparisons_of(found: Result) -> Iterator[tuple[str, Comparison]]:
    """Yield every comparison with what it is for."""
    for one in found.reading.comparisons if found.reading else ():
        yield PRIMARY if one.guardrail is None else GUARDRAIL, one
    for one in found.also:
        yield ALSO, one


def webhook_payload(experiment: Experiment, found: Result) -> dict[str, Any]:
    """Return the `data` of the event `experiment.completed`."""
    gain = found.reading.verdict.gain if found.reading else None
    lift = _interval(gain) if gain else {"estimate": None, "low": None, "high": None}
    return {
        "experiment": experiment.key,
        "placement": experiment.placement,
        "winner": found.winner,
        "metric": experiment.primary_metric,
        "decision": found.decision,
        "lift": lift["estimate"],
        "lift_low": lift["low"],
        "lift_high": lift["high"],
        "sentence": found.sentence,
    }


def _preferred(experiment: Experiment, names: Sequence[str]) -> Result:
    """Return which of two interleaved rankings is preferred; every user has seen both."""
    days, outcomes = preferences.read_outcomes(experiment)
    if not days:
        return Result(Decision.TOO_EARLY, _unseen(experiment), None, dict.fromkeys(names, 0), 0, None, [], {})
    first, second = names
    worth = experiment.minimum_lift
    sequence = ConfidenceSequence.tuned(Plan().alpha, worth, POWER)
    by_day = [preference(_at(outcomes, number), sequence) for number in range(len(days))]
    now, users = by_day[-1], int(outcomes.n[-1])
    waiting = days_left(now, sequence, worth, _recently(outcomes.n))
    return Result(
        now.decision(worth),
        _afterwards(experiment, now.sentence(first, second, worth, waiting)),
        second,
        dict.fromkeys(names, users),
        0,
        None,
        [DayPoint(day, second, one.users, one.interval, one.readable) for day, one in zip(days, by_day, strict=True)],
        {},
        preference=now.interval,
    )


def _metric(name: str, margin: float | None = None) -> Metric:
    kind = METRICS[name]
    absolute = kind.absolute and margin is not None
    return Metric(kind.label, more_is_better=kind.more_is_better, margin=margin, absolute=absolute)


def _also(plan: Plan, control: str, experiment: Experiment, sums: Sums) -> Iterator[Comparison]:
    """Compare by the metrics that decide nothing: a family of their own, corrected as the others are."""
    names = [name for name in METRICS if name != experiment.primary_metric and name not in experiment.guardrails]
    challengers = [variant for variant in sums.users if variant != control]
    sequence = plan.sequence(len(names) * len(challengers))
    for name in names:
        latest = {variant: _at(one.so_far, -1) for variant, one in sums.by_metric[name].items()}
        for variant in challengers:
            yield compare_metric(_metric(name), variant, latest[control], latest[variant], sequence)


def _latest(experiment: Experiment, sums: Sums) -> dict[Metric, dict[str, Moments]]:
    """Return the sums of each metric by variant, up to now."""
    margins = {experiment.primary_metric: None, **experiment.guardrails}
    return {
        _metric(name, margin): {
            variant: _at(of_variant.so_far, -1) for variant, of_variant in sums.by_metric[name].items()
        }
        for name, margin in margins.items()
    }


def _by_day(plan: Plan, control: str, experiment: Experiment, sums: Sums) -> Iterator[DayPoint]:
    metric, by_variant = _metric(experiment.primary_metric), sums.by_metric[experiment.primary_metric]
    challengers = [name for name in by_variant if name != control]
    sequence = plan.sequence(len(challengers))
    for number, day in enumerate(sums.days):
        for name in challengers:
            of_control, of_variant = (_at(by_variant[one].so_far, number) for one in (control, name))
            found = compare_metric(metric, name, of_control, of_variant, sequence)
            users = int(sum(sums.users[one][number] for one in (control, name)))
            yield DayPoint(day, name, users, found.lift, found.readable)


def _at(moments: Moments, number: int) -> Moments:
    return Moments(moments.n[number], moments.sums[number], moments.products[number])


def _users_per_day(sums: Sums) -> float:
    """Return how many new users came per day, in the last days."""
    return _recently(sum(sums.users.values(), np.zeros(len(sums.days))))


def _recently(total: Floats) -> float:
    """Return the same of the users up to each day."""
    days = min(RECENT_DAYS, len(total))
    before = total[-days - 1] if len(total) > days else 0.0
    return float(total[-1] - before) / days


def _unwatched(variant: str, also: Sequence[Comparison]) -> str:
    """Name what is surely worse though no guardrail watches it, with what to do; nothing where all is well."""
    worse = [fallen(one) for one in also if one.variant == variant and one.readable and one.gain.below_zero]
    if not worse:
        return ""
    is_or_are = "no guardrail watches it" if len(worse) == 1 else "no guardrail watches them"
    return f" {'; '.join(worse)}: {is_or_are}, so weigh that yourself."


def _afterwards(experiment: Experiment, sentence: str) -> str:
    """Leave out advice that came too late; say what was shipped."""
    if experiment.state in (State.STOPPED, State.ARCHIVED):
        sentence = sentence.replace(WAIT, "; it was stopped before that was sure.")
    if experiment.shipped:
        sentence = sentence.replace(", sure enough to ship.", ".").replace(": don't ship it.", ".")
        return f"{experiment.shipped} was shipped: everybody gets it. What the experiment showed: {sentence}"
    return sentence


def _of_aa(decision: Decision, sentence: str) -> str:
    """Put the verdict of an A/A experiment in words: there a difference is a fault."""
    if decision in (Decision.BETTER, Decision.BETTER_BUT_WAIT, Decision.BETTER_BUT_HARMFUL, Decision.WORSE):
        return f"The variants show the same and yet differ: look for a fault before you trust a result. {sentence}"
    if decision is Decision.INSIDE_THE_NOISE:
        return f"No difference, as it should be. {sentence}"
    return sentence


def _comparison_as_json(one: Comparison, role: str) -> dict[str, Any]:
    effect = one.effect
    return {
        "metric": one.metric.name,
        "role": role,
        "variant": one.variant,
        "readable": one.readable,
        "control_value": _number(float(effect.control)),
        "variant_value": _number(float(effect.variant)),
        "difference": _interval(one.difference),
        "lift": _interval(one.lift),
        "guardrail": one.guardrail,
        "margin": one.metric.margin,
        "width_factor": _number(float(effect.width_factor)),
    }


def _interval(found: Interval) -> dict[str, float | None]:
    return {name: _number(getattr(found, name)) for name in ("estimate", "low", "high")}


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
