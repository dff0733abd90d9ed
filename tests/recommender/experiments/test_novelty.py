"""An effect that fades is called so, one that lasts is not."""

import numpy as np
import pytest

from recommender.engine.experiments.moments import Moments
from recommender.engine.experiments.novelty import NoveltyCurve, novelty_curve
from tests.recommender.experiments.simulation import converted

DAYS, USERS = 20, 4_000


def curve(lifts: np.ndarray, seed: int = 41, users: int = USERS) -> NoveltyCurve:
    rng = np.random.default_rng(seed)

    def converting(rate: np.ndarray) -> Moments:
        return converted(rng.binomial(users, rate).astype(float), users)

    return novelty_curve(converting(np.full(len(lifts), 0.2)), converting(0.2 * (1 + lifts)))


def test_an_effect_that_fades_is_called_so() -> None:
    found = curve(0.4 * 0.85 ** np.arange(DAYS))
    assert found.fading
    assert not found.growing
    assert "part of it is novelty" in found.sentence


def test_a_loss_that_heals_fades_as_well() -> None:
    assert curve(-0.4 * 0.85 ** np.arange(DAYS)).fading


def test_an_effect_that_grows_is_called_so() -> None:
    found = curve(np.linspace(0, 0.3, DAYS))
    assert found.growing
    assert "getting used to it" in found.sentence


def test_a_lasting_effect_shows_a_trend_once_in_a_hundred_times() -> None:
    found = [curve(np.full(DAYS, 0.1), seed) for seed in range(200)]
    assert np.mean([one.fading or one.growing for one in found]) <= 0.03
    assert np.std([one.slope for one in found]) == pytest.approx(np.mean([one.slope_error for one in found]), rel=0.15)


def test_each_day_has_its_lift_and_interval() -> None:
    found = curve(np.full(DAYS, 0.1))
    assert ((found.low < 0.1) & (found.high > 0.1)).mean() >= 0.8
    assert ((found.low < found.lifts) & (found.lifts < found.high)).all()


def test_a_few_days_or_a_few_users_make_no_trend() -> None:
    assert curve(np.full(6, 0.1)).sentence.startswith("Fewer than 7 days")
    few = curve(np.full(DAYS, 0.1), users=50)
    assert np.isnan(few.lifts).all()
    assert not few.fading
