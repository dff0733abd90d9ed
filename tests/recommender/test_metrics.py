"""The figures agree with examples worked out by hand."""

from math import log2, sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from recommender.engine.evaluation import metrics
from recommender.engine.types import UNKNOWN

NAN = float("nan")

# Ada's list has her only item second; Ben's has two of his three, first and third; Cleo's, a short one, none.
LISTS = np.array([[4, 1, 0], [2, 0, 3], [0, UNKNOWN, UNKNOWN]], np.int32)
RELEVANT = csr_array(np.array([[0, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 1]]))
N_RELEVANT = np.array([1, 3, 1])
HITS = np.array([[False, True, False], [True, False, True], [False, False, False]])


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_rmse_and_mae_by_hand() -> None:
    assert metrics.rmse(floats(3, 5), floats(4, 3)) == pytest.approx(sqrt((1 + 4) / 2))
    assert metrics.mae(floats(3, 5), floats(4, 3)) == pytest.approx(1.5)


def test_pairs_without_a_prediction_count_in_neither_error() -> None:
    assert metrics.rmse(floats(3, NAN), floats(4, 3)) == metrics.mae(floats(3, NAN), floats(4, 3)) == 1


def test_errors_of_no_predictions_at_all_are_nan() -> None:
    assert np.isnan([metrics.rmse(floats(NAN), floats(1)), metrics.mae(floats(), floats())]).all()


def test_hits_are_the_places_that_hold_a_relevant_item() -> None:
    assert_array_equal(metrics.hits(LISTS, RELEVANT), HITS)


def test_padding_never_hits_the_item_next_door() -> None:
    last_of_the_row_above = csr_array(np.array([[0, 0, 1], [0, 0, 0]]))
    assert not metrics.hits(np.array([[UNKNOWN], [UNKNOWN]], np.int32), last_of_the_row_above).any()


def test_ndcg_by_hand() -> None:
    ada = (1 / log2(3)) / (1 / log2(2))
    ben = (1 / log2(2) + 1 / log2(4)) / (1 / log2(2) + 1 / log2(3) + 1 / log2(4))
    assert_allclose(metrics.ndcg(HITS, N_RELEVANT), [ada, ben, 0], rtol=1e-6)


def test_the_ideal_list_is_no_longer_than_the_list() -> None:
    assert metrics.ndcg(np.array([[True, True]]), np.array([50])).tolist() == [1]


def test_recall_and_precision_by_hand() -> None:
    assert_allclose(metrics.recall(HITS, N_RELEVANT), [1, 2 / 3, 0], rtol=1e-6)
    assert_allclose(metrics.precision(HITS), [1 / 3, 2 / 3, 0], rtol=1e-6)


def test_coverage_is_the_share_of_items_in_anybodys_list() -> None:
    assert metrics.coverage(LISTS, 10) == 0.5


def test_the_mean_of_nothing_is_nan() -> None:
    assert np.isnan(metrics.mean(floats()))


def test_average_precision_by_hand() -> None:
    # Ada: 1/2 of 1. Ben: (1/1 + 2/3) of 3. Cleo: nothing.
    assert_allclose(metrics.average_precision(HITS, N_RELEVANT), [0.5, (1 + 2 / 3) / 3, 0])


def test_reciprocal_rank_by_hand() -> None:
    assert_allclose(metrics.reciprocal_rank(HITS), [1 / 2, 1, 0])


def test_novelty_is_the_surprise_of_an_item_in_bits() -> None:
    choosers = np.array([4, 2, 1, 0, 4])
    lists = np.array([[0, 1], [2, UNKNOWN]], np.int32)
    assert metrics.novelty(lists, choosers, 4) == pytest.approx((0 + 1 + 2) / 3)


def test_gini_is_0_where_all_items_have_as_many_places_and_near_1_where_one_has_all() -> None:
    assert metrics.gini(np.array([[0, 1], [2, 3]], np.int32), 4) == pytest.approx(0)
    assert metrics.gini(np.array([[0], [0], [0]], np.int32), 4) == pytest.approx(3 / 4)
    assert np.isnan(metrics.gini(np.array([[UNKNOWN]], np.int32), 4))


def test_diversity_is_what_two_items_of_a_list_don_t_share() -> None:
    chosen = csr_array(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], np.float32))
    assert metrics.diversity(np.array([[0, 1]], np.int32), chosen) == pytest.approx(0, abs=1e-6)
    assert metrics.diversity(np.array([[0, 2]], np.int32), chosen) == pytest.approx(1)
    assert metrics.diversity(np.array([[0, 1, 2]], np.int32), chosen) == pytest.approx(2 / 3)
    assert np.isnan(metrics.diversity(np.array([[0, UNKNOWN]], np.int32), chosen))


def test_an_interval_holds_the_mean_and_shrinks_with_the_number() -> None:
    rng = np.random.default_rng(1)
    few, many = rng.random(20), rng.random(2_000)
    (low, high), (lower, higher) = (metrics.interval(values, rng) for values in (few, many))
    assert low < few.mean() < high
    assert lower < many.mean() < higher
    assert higher - lower < (high - low) / 3
    assert np.isnan(metrics.interval(np.empty(0), rng)).all()
