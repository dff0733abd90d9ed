"""Popular keeps the impersonal contract and counts people's interest, damped."""

import numpy as np
import pytest

from recommender.engine.algorithms.popular import Popular
from recommender.engine.types import CannotFit
from tests.contract import ImpersonalContract
from tests.datasets import DISLIKE, IMPRESSION, PURCHASE, VIEW, Did, dataset, rated


class TestPopular(ImpersonalContract):
    algorithm = Popular()


def scores(events: list[Did], items: tuple[int, ...] = (), algorithm: Popular = TestPopular.algorithm) -> list[float]:
    model = algorithm.fit(dataset(events, items=items), np.random.default_rng(0))
    return model.scores.tolist()


def test_the_item_of_more_people_comes_first() -> None:
    assert scores([Did(1, 10, VIEW), Did(2, 10, VIEW), Did(1, 11, VIEW)]) == [2, 1]


def test_a_purchase_counts_as_its_weight_and_a_rating_by_its_place_on_the_scale() -> None:
    assert scores([Did(1, 10, PURCHASE), rated(1, 11, 5), rated(1, 12, 3), rated(1, 13, 1)]) == [5, 5, 2.5, 0]


def test_a_hundred_views_by_one_person_count_no_more_than_the_ceiling() -> None:
    assert scores([Did(1, 10, VIEW)] * 100, algorithm=Popular(ceiling=7)) == [7]


def test_dislikes_and_impressions_count_nothing() -> None:
    assert scores([Did(1, 10, VIEW), Did(1, 11, DISLIKE), Did(1, 12, IMPRESSION)]) == [1, 0, 0]


def test_an_item_that_nobody_touched_has_a_score_of_0_and_can_fill_a_list() -> None:
    assert scores([Did(1, 10, VIEW)], items=(11,)) == [1, 0]


def test_events_that_speak_for_nothing_are_refused_with_a_sentence() -> None:
    with pytest.raises(CannotFit, match="no events that speak for an item"):
        scores([Did(1, 10, IMPRESSION), Did(1, 11, DISLIKE)])


def test_an_impossible_ceiling_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^ceiling is 0"):
        Popular(ceiling=0)
