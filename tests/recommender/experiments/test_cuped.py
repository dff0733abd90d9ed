"""The period before takes out the noise that it explains, and nothing else."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.experiments.effects import compare
from recommender.engine.experiments.moments import Moments

RUNS, USERS, CORRELATION = 1_500, 300, 0.8


def acts(rng: np.random.Generator, mean: float, users: int = USERS) -> Moments:
    """Return runs (RUNS,) of users whose acts go with those before by CORRELATION."""
    before = rng.normal(size=(RUNS, users))
    noise = rng.normal(size=(RUNS, users))
    now = CORRELATION * before + np.sqrt(1 - CORRELATION**2) * noise
    return Moments.of(mean + 2 * now, before=20 + 3 * before)


def test_the_width_shrinks_by_the_stated_factor() -> None:
    rng = np.random.default_rng(11)
    effect = compare(acts(rng, 10), acts(rng, 10.5))
    stated = np.sqrt(1 - CORRELATION**2)
    assert effect.width_factor.mean() == pytest.approx(stated, abs=0.01)
    without = 2 * np.sqrt(2 / USERS)
    assert effect.standard_error.mean() == pytest.approx(stated * without, rel=0.02)


def test_the_estimate_stays_unbiased_and_its_error_is_the_stated_one() -> None:
    rng = np.random.default_rng(12)
    effect = compare(acts(rng, 10), acts(rng, 10.5, users=600))
    difference, low, high = effect.difference(1.96)
    assert difference.mean() == pytest.approx(0.5, abs=0.01)
    assert difference.std() == pytest.approx(effect.standard_error.mean(), rel=0.06)
    assert ((low < 0.5) & (high > 0.5)).mean() == pytest.approx(0.95, abs=0.02)


def test_the_interval_of_the_lift_keeps_its_coverage() -> None:
    """Both variants are moved by the same period before: their covariance counts."""
    rng = np.random.default_rng(13)
    effect = compare(acts(rng, 10), acts(rng, 12, users=900))
    _, low, high = effect.lift(1.96)
    assert ((low < 0.2) & (high > 0.2)).mean() == pytest.approx(0.95, abs=0.02)
    assert (effect.covariance > 0).mean() > 0.9


def test_ratios_are_adjusted_by_the_ratio_before() -> None:
    rng = np.random.default_rng(14)

    def clicks(rate: float) -> Moments:
        inclination = rng.beta(2, 18, (400, 300)) * rate / 0.1
        impressions, impressions_before = (1 + rng.poisson(20, inclination.shape) for _ in range(2))
        now, before = rng.binomial(impressions, inclination), rng.binomial(impressions_before, inclination)
        return Moments.of(now, impressions, before, impressions_before)

    effect = compare(clicks(0.1), clicks(0.1))
    difference, _, _ = effect.difference(1.96)
    assert effect.width_factor.mean() < 0.9
    assert difference.std() == pytest.approx(effect.standard_error.mean(), rel=0.1)


def test_without_a_period_before_nothing_changes() -> None:
    rng = np.random.default_rng(15)
    control, variant = rng.poisson(3.0, 400), rng.poisson(3.3, 400)
    effect = compare(Moments.of(control), Moments.of(variant))
    assert effect.width_factor == 1
    assert_allclose([effect.control, effect.variant], [control.mean(), variant.mean()])
    expected = np.sqrt(control.var(ddof=1) / 400 + variant.var(ddof=1) / 400)
    assert effect.standard_error == pytest.approx(expected)


def test_users_without_impressions_before_do_not_spoil_the_result() -> None:
    rng = np.random.default_rng(16)
    clicks = rng.poisson(1.0, 400)
    new = Moments.of(clicks, clicks + 3, np.zeros(400), np.zeros(400))
    assert compare(new, new).width_factor == 1
