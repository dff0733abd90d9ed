"""A reading says in one sentence what is known and what to do, and never more than that."""

import numpy as np
import pytest

from recommender.engine.experiments.checks import GuardrailState
from recommender.engine.experiments.comparisons import Metric
from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.planning import Plan
from recommender.engine.experiments.readings import Decision, Reading, read
from tests.recommender.experiments.simulation import converted

CONVERSION = Metric("conversion")
LATENCY = Metric("latency", more_is_better=False, margin=0.05)
ERRORS = Metric("errors", more_is_better=False, margin=0.001, absolute=True)
USERS = 20_000


def conversion(share: float, users: int = USERS) -> Moments:
    return converted(np.array(float(round(share * users))), users)


def latency(milliseconds: float, spread: float, users: int = USERS) -> Moments:
    """Return the sums of users whose mean and standard deviation are these, exactly."""
    half = np.ones(users // 2) * spread
    return Moments.of(milliseconds + np.concatenate([half, -half]))


def errors(count: int, requests: int = 10 * USERS) -> Moments:
    """Return the sums of users with ten requests each, of whom `count` got one error."""
    return Moments.of((np.arange(USERS) < count).astype(float), np.full(USERS, requests / USERS))


def reading(
    *guardrails: tuple[Metric, Moments, Moments], b: float, plan: Plan | None = None, users: int = USERS
) -> Reading:
    metrics = {CONVERSION: {"A": conversion(0.2, users), "B": conversion(b, users)}}
    metrics |= {metric: {"A": control, "B": variant} for metric, control, variant in guardrails}
    counts = {"A": users, "B": users}
    return read(plan or Plan(), "A", {"A": 0.5, "B": 0.5}, counts, metrics, users_per_day=users / 5)


def test_a_sure_winner() -> None:
    verdict = reading(b=0.216).verdict
    assert verdict.decision is Decision.BETTER
    assert verdict.decision is Decision.BETTER
    assert verdict.sentence == "B is better by 8 % (2 to 15), sure enough to ship."


def test_a_sure_loser() -> None:
    verdict = reading(b=0.18).verdict
    assert verdict.decision is Decision.WORSE
    assert verdict.sentence == "B is worse by 10 % (4 to 16): keep A."


def test_too_early_says_how_long_it_will_take() -> None:
    verdict = reading(b=0.204).verdict
    assert verdict.decision is Decision.TOO_EARLY
    assert verdict.days_left == pytest.approx(15.0, abs=1)
    assert verdict.sentence == "Too early to say: the effect of B is -4 % to 9 %; needs about 15 more days."


def test_too_few_users_are_not_read() -> None:
    verdict = reading(b=0.9, users=80).verdict
    assert verdict.decision is Decision.TOO_EARLY
    assert "an interval needs 100 users in each variant" in verdict.sentence
    assert verdict.gain is None


def test_a_difference_that_nobody_would_notice_is_noise() -> None:
    verdict = reading(b=0.2, users=200_000).verdict
    assert verdict.decision is Decision.INSIDE_THE_NOISE
    assert verdict.sentence == "Inside the noise: B differs from A by less than 5 % (-2 % to 2 %)."


def test_what_can_no_longer_be_better_is_not_waited_for() -> None:
    verdict = reading(b=0.192).verdict
    assert verdict.decision is Decision.NO_GAIN
    assert verdict.sentence == "B is not better by 5 % or more (-10 % to 2 %): keep A."


def test_a_split_that_is_not_the_planned_one_stops_the_reading() -> None:
    metrics = {CONVERSION: {"A": conversion(0.2), "B": conversion(0.3)}}
    found = read(Plan(), "A", {"A": 1, "B": 1}, {"A": 20_000, "B": 19_000}, metrics, 1_000)
    assert found.verdict.decision is Decision.UNREADABLE
    assert found.verdict.sentence.startswith("Don't read this result")


def test_a_winner_that_breaks_a_guardrail_is_not_shipped() -> None:
    verdict = reading((LATENCY, latency(100, 50), latency(112, 50)), b=0.23).verdict
    assert verdict.decision is Decision.BETTER_BUT_HARMFUL
    assert verdict.sentence.endswith(
        "but latency is worse by 12 % (10 to 14), more than the 5 % allowed: don't ship it."
    )


def test_a_guardrail_that_is_not_sure_to_hold_is_waited_for() -> None:
    verdict = reading((LATENCY, latency(100, 250), latency(100, 250)), b=0.23).verdict
    assert verdict.decision is Decision.BETTER_BUT_WAIT
    assert "latency may still be worse by more than 5 % (by -8 % to 8 %): wait." in verdict.sentence


def test_a_guardrail_that_holds_lets_a_winner_pass() -> None:
    found = reading((LATENCY, latency(100, 20), latency(101, 20)), b=0.23)
    assert found.comparisons[1].guardrail is GuardrailState.HOLDS
    assert found.verdict.decision is Decision.BETTER


def test_a_guardrail_of_errors_holds_where_there_were_none_and_breaks_where_there_are_many() -> None:
    assert reading((ERRORS, errors(0), errors(0)), b=0.23).verdict.decision is Decision.BETTER
    assert reading((ERRORS, errors(20), errors(22)), b=0.23).verdict.decision is Decision.BETTER
    many = reading((ERRORS, errors(20), errors(600)), b=0.23).verdict
    assert many.decision is Decision.BETTER_BUT_HARMFUL
    assert "errors is worse by 0.0029, more than the 0.001 allowed" in many.sentence


def test_an_errors_guardrail_without_users_is_open() -> None:
    none = Moments.of(np.zeros(50), np.ones(50))
    verdict = reading((ERRORS, none, none), b=0.23).verdict
    assert "it is too early to tell of errors if it is worse by more than 0.001: wait." in verdict.sentence


def test_of_several_variants_the_best_one_leads_and_each_is_corrected() -> None:
    shares = {"A": 1.0, "B": 1.0, "C": 1.0}
    sums = {"A": conversion(0.2), "B": conversion(0.22), "C": conversion(0.23)}
    found = read(Plan(), "A", shares, dict.fromkeys(shares, USERS), {CONVERSION: sums}, 1_000)
    assert [one.decision for one in found.verdicts] == [Decision.BETTER, Decision.BETTER]
    assert found.verdict.variant == "C"
    alone = reading(b=0.22).comparisons[0].lift
    corrected = found.comparisons[0].lift
    assert corrected.low < alone.low < alone.high < corrected.high


def test_what_is_open_outweighs_what_is_lost() -> None:
    shares = {"A": 1.0, "B": 1.0, "C": 1.0}
    sums = {"A": conversion(0.2), "B": conversion(0.15), "C": conversion(0.204)}
    verdict = read(Plan(), "A", shares, dict.fromkeys(shares, USERS), {CONVERSION: sums}, 1_000).verdict
    assert (verdict.variant, verdict.decision) == ("C", Decision.TOO_EARLY)


def test_less_is_better_turns_the_words() -> None:
    sums = {"A": latency(100, 50), "B": latency(92, 50)}
    metrics = {Metric("latency", more_is_better=False): sums}
    verdict = read(Plan(), "A", {"A": 1, "B": 1}, {"A": USERS, "B": USERS}, metrics, 1_000).verdict
    assert verdict.sentence == "B is better by 8 % (6 to 10), sure enough to ship."


def test_what_can_not_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a control"):
        read(Plan(), "Z", {"A": 1, "B": 1}, {"A": 1, "B": 1}, {CONVERSION: {}}, 1)
    with pytest.raises(ValueError, match="can't be the primary metric"):
        read(Plan(), "A", {"A": 1, "B": 1}, {"A": 1, "B": 1}, {ERRORS: {}}, 1)
    with pytest.raises(ValueError, match="margin of clicks must be above 0"):
        Metric("clicks", margin=0)


def test_every_guardrail_that_is_broken_is_named() -> None:
    slow = LATENCY, latency(100, 5), latency(120, 5)
    failing = ERRORS, errors(0), errors(2_000)
    said = reading(slow, failing, b=0.216).verdict.sentence
    assert "latency is worse by 20" in said
    assert "and errors is worse by 0.01, more than the 0.001 allowed: don't ship it." in said


def test_a_guardrail_that_holds_but_falls_is_named() -> None:
    said = reading((LATENCY, latency(100, 5), latency(102, 5)), b=0.216).verdict.sentence
    assert said.startswith("B is better by 8 % (2 to 15), sure enough to ship. Latency is worse by 2")
    assert said.endswith(", within the 5 % allowed.")
