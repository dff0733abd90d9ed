"""A true lift is found in the stated time with the stated power; the days left come from what is known by then."""

import math

import numpy as np
import pytest

from recommender.engine.experiments.effects import compare
from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.planning import Plan, days_left, users_needed
from tests.recommender.experiments.simulation import conversions, converted

PLAN = Plan(minimum_lift=0.1)
EVEN = {"A": 1.0, "B": 1.0}
BASELINE = converted(np.array(2_000.0), 10_000)
RUNS, DAYS = 3_000, 30


def found(lift: float, per_day: int, days: int = DAYS) -> float:
    """Return the share of runs in which a variant with this lift is seen to be better on one of the days."""
    rng = np.random.default_rng(21)
    control, variant = (
        conversions(rng, days, RUNS, per_day, 0.2),
        conversions(rng, days, RUNS, per_day, 0.2 * (1 + lift)),
    )
    effect = compare(control, variant)
    _, low, _ = effect.difference(PLAN.sequence().multiplier(effect.information))
    return float((low > 0).any(axis=0).mean())


def test_a_true_lift_is_found_with_the_stated_power_by_the_stated_number_of_users() -> None:
    users = users_needed(PLAN, BASELINE, EVEN, "A")
    assert 0.8 <= found(PLAN.minimum_lift, math.ceil(users / 2 / DAYS)) <= 0.9


def test_half_of_those_users_are_not_enough() -> None:
    users = users_needed(PLAN, BASELINE, EVEN, "A")
    assert found(PLAN.minimum_lift, math.ceil(users / 4 / DAYS)) < 0.6


def test_the_days_left_are_those_until_the_users_are_there() -> None:
    per_day = 500
    total = users_needed(PLAN, BASELINE, EVEN, "A")
    rng = np.random.default_rng(22)
    tenth = [conversions(rng, 10, 1, per_day // 2, 0.2) for _ in range(2)]
    last = [Moments(one.n[-1, 0], one.sums[-1, 0], one.products[-1, 0]) for one in tenth]
    left = days_left(compare(*last), PLAN.sequence(), PLAN, 10 * per_day, per_day)
    assert 10 + left == pytest.approx(total / per_day, rel=0.1)


def test_no_day_is_left_once_enough_is_known() -> None:
    much = converted(np.array(40_000.0), 200_000)
    assert days_left(compare(much, much), PLAN.sequence(), PLAN, 400_000, 100) == 0


def test_without_new_users_it_never_ends() -> None:
    little = converted(np.array(40.0), 200)
    assert days_left(compare(little, little), PLAN.sequence(), PLAN, 400, 0) == math.inf


def test_uneven_shares_and_more_variants_need_more_users_and_a_period_before_fewer() -> None:
    even = users_needed(PLAN, BASELINE, EVEN, "A")
    assert users_needed(PLAN, BASELINE, {"A": 0.9, "B": 0.1}, "A") > 2.5 * even
    assert users_needed(PLAN, BASELINE, {"A": 1, "B": 1, "C": 1}, "A") > 1.5 * even
    assert users_needed(PLAN, BASELINE, EVEN, "A", width_factor=0.5) == pytest.approx(even / 4)


def test_shares_need_a_control() -> None:
    with pytest.raises(ValueError, match="Name the control"):
        users_needed(PLAN, BASELINE, EVEN, "C")
    with pytest.raises(ValueError, match="minimum lift"):
        Plan(minimum_lift=0)
