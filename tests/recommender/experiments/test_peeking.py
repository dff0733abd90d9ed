"""Whoever looks every day is wrong no more often than was promised; with plain intervals they would be."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from recommender.engine.experiments.effects import compare
from recommender.engine.experiments.moments import Floats, Moments
from recommender.engine.experiments.planning import Plan
from recsite.local.paths import PROJECT
from tests.recommender.experiments.simulation import acts_of_returning_users, clicks_and_impressions, conversions

RUNS, DAYS = 1_000, 28
PLAIN = 1.96

Simulation = Callable[[np.random.Generator], Moments]

SIMULATIONS: dict[str, tuple[Simulation, float]] = {
    "conversions": (lambda rng: conversions(rng, DAYS, RUNS, 200, 0.1), 0.2),
    "rare conversions": (lambda rng: conversions(rng, DAYS, RUNS, 300, 0.01), 0.5),
    "clicks over impressions": (lambda rng: clicks_and_impressions(rng, DAYS, RUNS, 40), 0.25),
    "users who come back": (lambda rng: acts_of_returning_users(rng, 21, RUNS, 120), 0.4),
}
"""Each with a minimum lift that about fits its size, so that the intervals are as tight as they ever get."""


def winners(control: Moments, variant: Moments, multiplier: Callable[[Floats], Floats]) -> float:
    """Return the share of runs in which some day's interval excludes 0; moments (days, runs)."""
    effect = compare(control, variant)
    _, low, high = effect.difference(multiplier(effect.information))
    return float((((low > 0) | (high < 0)) & effect.readable).any(axis=0).mean())


@cache
def called(name: str) -> tuple[float, float]:
    """Return the share of runs without a difference that call a winner: by the sequence, and by plain intervals."""
    simulate, minimum_lift = SIMULATIONS[name]
    rng = np.random.default_rng(5)
    control, variant = simulate(rng), simulate(rng)
    plain = winners(control, variant, lambda information: np.full_like(information, PLAIN))
    return winners(control, variant, Plan(minimum_lift=minimum_lift).sequence().multiplier), plain


@pytest.mark.parametrize("name", SIMULATIONS)
def test_at_most_one_in_twenty_runs_without_a_difference_ever_calls_a_winner(name: str) -> None:
    assert called(name)[0] <= 0.05


@pytest.mark.parametrize("name", SIMULATIONS)
def test_plain_intervals_fail_the_same_test(name: str) -> None:
    assert called(name)[1] > 0.07


def test_the_documents_say_what_these_runs_show() -> None:
    text = " ".join((PROJECT / "docs" / "EXPERIMENTS.md").read_text(encoding="utf-8").split())
    sequence, plain = zip(*map(called, SIMULATIONS), strict=True)
    assert f"between {min(plain):.0%} and {max(plain):.0%} of".replace("%", " %") in text
    assert f"called a winner in {min(sequence):.1%} to {max(sequence):.1%};".replace("%", " %") in text


def test_the_sequence_is_not_valid_by_being_endlessly_wide() -> None:
    """Looked at after each of very many users it uses up a fair part of its alpha."""
    rng = np.random.default_rng(6)
    control, variant = (conversions(rng, 150, 1_000, 100, 0.3) for _ in range(2))
    assert 0.01 < winners(control, variant, Plan(minimum_lift=0.3).sequence().multiplier) <= 0.05


def test_several_variants_are_corrected_together() -> None:
    rng = np.random.default_rng(7)
    arms = [conversions(rng, DAYS, 2_000, 200, 0.1) for _ in range(5)]
    plan = Plan(minimum_lift=0.2)
    called = np.zeros(2_000, bool)
    for variant in arms[1:]:
        effect = compare(arms[0], variant)
        _, low, high = effect.difference(plan.sequence(4).multiplier(effect.information))
        called |= (((low > 0) | (high < 0)) & effect.readable).any(axis=0)
    assert called.mean() <= 0.05


def test_the_interval_of_the_lift_covers_the_true_lift_at_every_look() -> None:
    rng = np.random.default_rng(8)
    control, variant = conversions(rng, DAYS, RUNS, 200, 0.1), conversions(rng, DAYS, RUNS, 200, 0.13)
    effect = compare(control, variant)
    _, low, high = effect.lift(Plan(minimum_lift=0.2).sequence().multiplier(effect.information))
    missed = ((low > 0.3) | (high < 0.3)) & effect.readable
    assert missed.any(axis=0).mean() <= 0.05
