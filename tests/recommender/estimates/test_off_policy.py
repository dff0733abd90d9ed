"""Estimates hit a truth that is known, their intervals as often as they say, and they refuse what logs can't tell."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.estimates.logs import Logs, examination, examination_sums
from recommender.engine.estimates.off_policy import Estimate, Refusal, estimate
from recommender.engine.experiments.effects import Interval
from recommender.engine.types import UNKNOWN
from tests.recommender.estimates.world import LENGTH, LOOK, World

RUNS = 60
WORLD = World.of(np.random.default_rng(71))


@pytest.fixture(scope="module")
def runs() -> list[Estimate]:
    """Estimate the best lists from RUNS logs of 300 users."""
    rng = np.random.default_rng(72)
    found = []
    for _ in range(RUNS):
        logs, kind = WORLD.logs(rng, users=300)
        one = estimate(logs, WORLD.target(WORLD.best, kind))
        assert isinstance(one, Estimate)
        found.append(one)
    return found


def check(intervals: list[Interval], truth: float) -> None:
    """Assert no bias, by three standard errors, and coverage: of 60 intervals at 95 %, 52 or fewer cover by bad luck
    once in a hundred times.
    """
    values = np.array([one.estimate for one in intervals])
    assert abs(values.mean() - truth) < 3 * values.std() / np.sqrt(RUNS) + 0.005 * truth
    assert sum(one.low <= truth <= one.high for one in intervals) >= 52
    widths = np.array([one.high - one.low for one in intervals])
    assert widths.mean() / 2 == pytest.approx(2 * values.std(), rel=0.25)


def test_the_self_normalised_estimate_is_right(runs: list[Estimate]) -> None:
    check([one.self_normalised for one in runs], WORLD.truth(WORLD.best))


def test_the_doubly_robust_estimate_is_right(runs: list[Estimate]) -> None:
    check([one.doubly_robust for one in runs], WORLD.truth(WORLD.best))


def test_clicks_as_they_were_are_not_the_answer() -> None:
    """What the logs show by themselves is far off: it is the estimate that finds the truth."""
    logs, _ = WORLD.logs(np.random.default_rng(73), users=4_000)
    assert logs.clicks.sum(axis=1).mean() < 0.9 * WORLD.truth(WORLD.best)


def test_how_far_users_look_is_found(runs: list[Estimate]) -> None:
    found = np.array([one.examination for one in runs])
    assert_allclose(np.median(found, axis=0), LOOK, rtol=0.06)
    logs, _ = WORLD.logs(np.random.default_rng(74), users=20_000)
    here, there = examination_sums(logs)
    assert_allclose(examination(here.sum(axis=0), there.sum(axis=0)), LOOK, rtol=0.1)


def test_clicks_by_position_alone_do_not_show_how_far_users_look() -> None:
    """The live model puts what is relevant first, so raw rates fall faster than attention does."""
    logs, _ = WORLD.logs(np.random.default_rng(74), users=20_000)
    raw = logs.clicks.mean(axis=0)
    assert raw[-1] / raw[0] < 0.9 * LOOK[-1]


def test_the_doubly_robust_estimate_is_the_steadier_one_where_relevance_differs_much() -> None:
    relevance = np.where(np.random.default_rng(75).random(WORLD.relevance.shape) < 0.5, 0.9, 0.02)
    world = replace(WORLD, relevance=relevance)
    rng = np.random.default_rng(76)
    found = []
    for _ in range(40):
        logs, kind = world.logs(rng, users=500)
        one = estimate(logs, world.target(world.live, kind))
        assert isinstance(one, Estimate)
        found.append((one.self_normalised.estimate, one.doubly_robust.estimate))
    self_normalised, doubly_robust = np.std(found, axis=0)
    assert doubly_robust < self_normalised


def test_lists_of_one_user_are_one_witness() -> None:
    logs, kind = WORLD.logs(np.random.default_rng(77), users=400)
    once = estimate(logs, WORLD.target(WORLD.live, kind))
    again = replace(logs, **{name: np.repeat(getattr(logs, name), 4, axis=0) for name in vars(logs)})
    fourfold = estimate(again, WORLD.target(WORLD.live, np.repeat(kind, 4)))
    assert isinstance(once, Estimate)
    assert isinstance(fourfold, Estimate)
    assert fourfold.effective_users == pytest.approx(once.effective_users)
    assert fourfold.self_normalised.low == pytest.approx(once.self_normalised.low)


def test_items_that_were_never_shown_are_refused_in_words() -> None:
    logs, kind = WORLD.logs(np.random.default_rng(78), users=400)
    target = WORLD.target(WORLD.live, kind)
    target[:, 1:] = 100_000 + np.arange(LENGTH - 1)
    refused = estimate(logs, target)
    assert isinstance(refused, Refusal)
    assert refused.overlap < 0.6
    assert "The overlap is too small: the randomised lists have shown" in refused.sentence
    assert "start an experiment" in refused.sentence


def test_a_temperature_that_hardly_randomises_is_refused_for_another_order() -> None:
    world = World.of(np.random.default_rng(71), temperature=0.15)
    logs, kind = world.logs(np.random.default_rng(79), users=2_000)
    refused = estimate(logs, world.target(np.argsort(world.scores, axis=1)[:, :LENGTH], kind))
    assert isinstance(refused, Refusal)


def test_too_few_users_are_refused_in_words() -> None:
    logs, kind = WORLD.logs(np.random.default_rng(80), users=60, lists_per_user=20)
    refused = estimate(logs, WORLD.target(WORLD.live, kind))
    assert isinstance(refused, Refusal)
    assert refused.effective_users < 100
    assert "Too few users have seen enough" in refused.sentence


def test_logs_without_clicks_are_refused_in_words() -> None:
    logs, kind = WORLD.logs(np.random.default_rng(81), users=400)
    refused = estimate(replace(logs, clicks=np.zeros_like(logs.clicks)), WORLD.target(WORLD.live, kind))
    assert isinstance(refused, Refusal)
    assert "Too few clicks around position 2 to know how far users look" in refused.sentence


def test_short_lists_are_read_as_far_as_they_go() -> None:
    logs, kind = WORLD.logs(np.random.default_rng(82), users=1_000)
    target = WORLD.target(WORLD.live, kind)
    target[:, 3:] = UNKNOWN
    found = estimate(logs, target)
    whole = estimate(logs, WORLD.target(WORLD.live[:, :3], kind))
    assert isinstance(found, Estimate)
    assert isinstance(whole, Estimate)
    assert found.doubly_robust.low == pytest.approx(whole.doubly_robust.low)
    truth = float((np.take_along_axis(WORLD.relevance, WORLD.live[:, :3], axis=1) @ LOOK[:3]).mean())
    assert found.doubly_robust.low < truth < found.doubly_robust.high


def test_logs_that_do_not_fit_together_are_refused() -> None:
    logs, kind = WORLD.logs(np.random.default_rng(83), users=10)
    with pytest.raises(ValueError, match="propensity is 0"):
        replace(logs, propensities=np.zeros_like(logs.propensities))
    with pytest.raises(ValueError, match="must be of the same lists"):
        Logs(logs.shown, logs.clicks, logs.propensities, logs.users[1:])
    with pytest.raises(ValueError, match="a list for each logged one"):
        estimate(logs, WORLD.target(WORLD.live, kind)[1:])
