"""The figures agree with examples worked out by hand."""

from math import log2, sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from recommender.evaluation import metrics
from recommender.types import UNKNOWN

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
