"""A split that isn't the planned one stops the reading; a guardrail holds only where that is shown."""

import numpy as np
import pytest

from recommender.engine.experiments.checks import MISMATCH, GuardrailState, guardrail_state, sample_ratio
from recommender.engine.experiments.effects import Interval

EVEN = {"A": 0.5, "B": 0.5}


def test_the_p_value_by_hand() -> None:
    """Chi-squared (5,000 users where 5,100 were due, and 5,200) is 100^2 / 5,100 * 2 = 3.92: p = 0.0477."""
    assert sample_ratio({"A": 5_000, "B": 5_200}, EVEN).p_value == pytest.approx(0.0477, abs=0.0001)


def test_users_that_are_lost_are_noticed_and_named() -> None:
    found = sample_ratio({"A": 5_210, "B": 4_790}, {"A": 50, "B": 50})
    assert not found.passed
    assert "A has 5,210 where 5,000 were due, B has 4,790 where 5,000 were due; p = 3e-05" in found.sentence
    assert sample_ratio({"A": 5_030, "B": 4_970}, EVEN).sentence == "The users are split as planned."


def test_uneven_shares_are_no_mismatch() -> None:
    assert sample_ratio({"A": 9_000, "B": 1_000}, {"A": 0.9, "B": 0.1}).passed
    assert not sample_ratio({"A": 9_000, "B": 1_000}, {"A": 0.8, "B": 0.2}).passed


def test_too_few_users_tell_nothing() -> None:
    assert sample_ratio({"A": 8, "B": 0}, EVEN).p_value == 1


def test_daily_looks_for_a_month_stop_about_one_sound_experiment_in_a_hundred() -> None:
    rng = np.random.default_rng(31)
    users = rng.binomial(200, 0.5, (28, 10_000)).cumsum(axis=0)
    days = 200 * np.arange(1, 29)[:, None]
    chi_squared = (2 * users - days) ** 2 / days
    stopped = (chi_squared > 10.83).any(axis=0)
    assert 0.003 < stopped.mean() < 0.015
    at = np.unravel_index(chi_squared.argmax(), chi_squared.shape)
    counts = {"A": int(users[at]), "B": int(days[at[0], 0] - users[at])}
    assert (sample_ratio(counts, EVEN).p_value < MISMATCH) == bool(chi_squared.max() > 10.83)


def test_each_variant_needs_a_number_and_a_share() -> None:
    with pytest.raises(ValueError, match="Each variant needs"):
        sample_ratio({"A": 5}, EVEN)


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (-0.01, 0.03, GuardrailState.HOLDS),
        (-0.015, -0.005, GuardrailState.HOLDS),
        (-0.05, 0.04, GuardrailState.OPEN),
        (-0.05, -0.01, GuardrailState.OPEN),
        (-0.09, -0.03, GuardrailState.BROKEN),
    ],
)
def test_only_an_interval_within_the_margin_holds(low: float, high: float, state: GuardrailState) -> None:
    assert guardrail_state(Interval((low + high) / 2, low, high), margin=0.02) is state
