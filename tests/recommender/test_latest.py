"""The newest items come first, by their dates alone."""

import numpy as np
from numpy.testing import assert_array_equal

from recommender.engine.algorithms import latest
from recommender.engine.ranking import top_n
from recommender.engine.types import UNDATED

DAY = 86_400
NOW = 1_750_000_000


def dates(*days_ago: float | None) -> np.ndarray:
    return np.array([UNDATED if days is None else NOW - days * DAY for days in days_ago], np.int64)


def test_newest_first_then_by_row() -> None:
    assert latest.newest_first(dates(3, 1, 3, 0), NOW).tolist() == [3, 1, 0, 2]


def test_items_without_a_date_and_of_the_future_are_left_out() -> None:
    assert latest.newest_first(dates(None, 1, -1), NOW).tolist() == [1]


def test_the_scores_are_ages_and_give_the_same_order() -> None:
    published = dates(3, None, 1, 3, -1, 0.5)
    scores = latest.scores(published, NOW)
    assert_array_equal(scores, np.array([-3, np.nan, -1, -3, np.nan, -0.5], np.float32))
    assert top_n(scores[None], 4)[0].tolist() == [latest.newest_first(published, NOW).tolist()]
