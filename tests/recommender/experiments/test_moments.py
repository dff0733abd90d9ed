"""A handful of sums says as much of a variant as all its users' rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from recommender.engine.experiments.effects import compare
from recommender.engine.experiments.moments import Moments, effective_users
from recommender.engine.experiments.sequences import ConfidenceSequence

CLICKS = np.array([0.0, 2, 1, 0, 5])
IMPRESSIONS = np.array([1.0, 4, 5, 2, 8])

TOTALS = arrays(np.float64, st.tuples(st.integers(2, 40)), elements=st.integers(0, 20).map(float))


def test_a_mean_has_the_textbook_standard_error() -> None:
    rates, covariance = Moments.of(CLICKS).rates()
    assert rates[0] == CLICKS.mean()
    assert covariance[0, 0] == pytest.approx(CLICKS.var(ddof=1) / 5)


def test_a_ratio_has_the_variance_of_its_residuals() -> None:
    """Delta method by hand: the variance of (clicks - rate * impressions) / mean impressions, over n."""
    rates, covariance = Moments.of(CLICKS, IMPRESSIONS).rates()
    rate = CLICKS.sum() / IMPRESSIONS.sum()
    residuals = (CLICKS - rate * IMPRESSIONS) / IMPRESSIONS.mean()
    assert rates[0] == pytest.approx(rate)
    assert covariance[0, 0] == pytest.approx(residuals.var(ddof=1) / 5)


def test_the_standard_error_of_a_ratio_is_what_repetitions_show() -> None:
    rng = np.random.default_rng(3)
    impressions = 1 + rng.poisson(6, (3_000, 300))
    clicks = rng.binomial(impressions, rng.beta(1, 9, (3_000, 300)))
    rates, covariance = Moments.of(clicks, impressions).rates()
    assert np.sqrt(covariance[:, 0, 0].mean()) == pytest.approx(rates[:, 0].std(), rel=0.05)
    taken_for_independent = np.sqrt(rates[:, 0] * (1 - rates[:, 0]) / impressions.sum(axis=1)).mean()
    assert taken_for_independent < 0.9 * rates[:, 0].std()


@given(TOTALS, st.integers(1, 39))
def test_sums_of_parts_add_up(totals: np.ndarray, cut: int) -> None:
    whole, parts = Moments.of(totals, totals + 1), Moments.of(totals[:cut], totals[:cut] + 1)
    both = parts + Moments.of(totals[cut:], totals[cut:] + 1)
    for name in ("n", "sums", "products"):
        assert_allclose(getattr(both, name), getattr(whole, name))


def test_sums_of_a_query_make_the_same_moments() -> None:
    columns = [CLICKS, IMPRESSIONS, CLICKS + 1, IMPRESSIONS * 2]
    products = [float(one @ other) for at, one in enumerate(columns) for other in columns[at:]]
    found = Moments.from_sums(5, [float(one.sum()) for one in columns], products)
    assert_allclose(found.products, Moments.of(*columns).products)
    assert_allclose(found.rates()[1], Moments.of(*columns).rates()[1])


def test_a_batch_is_read_as_each_of_it_alone() -> None:
    rng = np.random.default_rng(4)
    control, variant = rng.poisson(2.0, (3, 200)), rng.poisson(2.2, (3, 200))
    together = compare(Moments.of(control), Moments.of(variant))
    for run in range(3):
        alone = compare(Moments.of(control[run]), Moments.of(variant[run]))
        assert_allclose(together.information[run], alone.information)
        assert_allclose(np.array(together.lift(3.0))[:, run], alone.lift(3.0))


def test_a_metric_that_nothing_counts_for_is_not_read() -> None:
    nothing = Moments.of(np.zeros(500), np.zeros(500))
    effect = compare(nothing, Moments.of(np.ones(500), np.ones(500)))
    assert not effect.readable
    assert effect.information == 0


def test_too_few_who_act_are_not_read_however_many_users_there_are() -> None:
    """Of 2,000 users 49 act, which is less than 25 for each variant; one more is enough."""
    few, none = np.zeros(1_000), np.zeros(1_000)
    few[:49] = 1
    assert not compare(Moments.of(few), Moments.of(none)).readable
    few[49] = 1
    assert compare(Moments.of(few), Moments.of(none)).readable


def test_few_users_with_most_of_the_total_count_as_few() -> None:
    assert effective_users(Moments.of([1, 1, 0, 1])) == pytest.approx(3)
    assert effective_users(Moments.of([1_000, 1, 1, 1])) == pytest.approx(1, abs=0.01)


@given(st.integers(0, 2**32 - 1))
def test_difference_and_lift_exclude_zero_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    control, variant = rng.poisson(rng.uniform(0.2, 3), 300), rng.poisson(rng.uniform(0.2, 3), 300)
    before = rng.poisson(1.0 + control), rng.poisson(1.0 + variant)
    effect = compare(Moments.of(control, before=before[0]), Moments.of(variant, before=before[1]))
    multiplier = ConfidenceSequence.tuned(0.05, 0.1).multiplier(effect.information)
    difference, lift = effect.difference(multiplier), effect.lift(multiplier)
    assert (difference[1] > 0) == (lift[1] > 0)
    assert (difference[2] < 0) == (lift[2] < 0)
    assert lift[1] <= lift[0] <= lift[2]
