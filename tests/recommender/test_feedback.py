"""Many events about a person and an item become one rating, one strength, or nothing."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from recommender.engine.feedback import (
    DEFAULT_SCALE,
    common_scale,
    histories,
    pairs,
    profiles,
    ratings,
    relevant,
    seen,
    strengths,
)
from recommender.engine.types import UNKNOWN, Dataset, EventKind, IdMap
from tests.datasets import DISLIKE, IMPRESSION, KINDS, PURCHASE, RATING, VIEW, Did, dataset, rated

IMPLICIT = (VIEW, PURCHASE, DISLIKE, IMPRESSION)
OUT_OF_TEN = EventKind("score", 1, scale_min=0, scale_max=10)


def rating_of(*events: Did, kinds: tuple[EventKind, ...] = KINDS) -> float:
    """The rating that one person's events about one item come to; NaN where they come to none."""
    given = ratings(dataset(events, kinds))
    return float(given.values[0]) if len(given) else math.nan


def views(times: int) -> list[Did]:
    return [Did(1, 1, VIEW)] * times


def test_the_last_rating_wins_by_time_and_not_by_place() -> None:
    assert rating_of(rated(1, 1, 2, time=300), rated(1, 1, 5, time=100)) == 2


def test_of_ratings_at_the_same_time_or_without_one_the_later_event_wins() -> None:
    assert rating_of(rated(1, 1, 2, time=300), rated(1, 1, 5, time=300)) == 5
    assert rating_of(rated(1, 1, 2), rated(1, 1, 5)) == 5


def test_a_rating_that_was_given_outweighs_everything_implied() -> None:
    given = ratings(dataset([rated(1, 1, 2), Did(1, 1, PURCHASE), Did(1, 2, PURCHASE)]))
    assert given.values[0] == 2
    assert given.explicit.tolist() == [True, False]


def test_evidence_in_favour_lies_above_the_middle_grows_and_stays_on_the_scale() -> None:
    implied = [rating_of(*views(times)) for times in (1, 2, 5, 1000)]
    assert implied == sorted(implied)
    assert implied[0] > 3
    assert implied[-1] == 5


def test_evidence_against_lies_below_the_middle_and_stays_on_the_scale() -> None:
    assert 1 < rating_of(Did(1, 1, DISLIKE)) < 3
    assert rating_of(*[Did(1, 1, DISLIKE)] * 100) == 1


def test_a_heavier_kind_implies_more() -> None:
    assert rating_of(Did(1, 1, PURCHASE)) == rating_of(*views(5)) > rating_of(*views(1))


def test_a_dislike_takes_back_what_views_implied() -> None:
    assert rating_of(*views(2), Did(1, 1, DISLIKE)) < 3
    assert rating_of(*views(9), Did(1, 1, DISLIKE)) == rating_of(Did(1, 1, DISLIKE))


def test_impressions_imply_nothing() -> None:
    assert math.isnan(rating_of(*[Did(1, 1, IMPRESSION)] * 50))


def test_a_rating_without_a_value_says_nothing() -> None:
    assert math.isnan(rating_of(rated(1, 1, np.nan)))


def test_without_a_kind_that_rates_the_scale_is_1_to_5() -> None:
    implied = ratings(dataset([Did(1, 1, PURCHASE), Did(1, 2, DISLIKE)], IMPLICIT))
    assert (implied.scale_min, implied.scale_max) == DEFAULT_SCALE
    assert implied.values[0] > 3 > implied.values[1]


def test_ratings_of_another_kind_are_brought_to_the_scale_of_the_first() -> None:
    kinds = (RATING, OUT_OF_TEN)
    assert common_scale(kinds) == (1, 5)
    assert [rating_of(Did(1, 1, OUT_OF_TEN, value), kinds=kinds) for value in (0, 5, 10)] == [1, 3, 5]


def test_a_rating_outside_its_scale_counts_as_the_nearest_on_it() -> None:
    assert rating_of(rated(1, 1, 50)) == 5


def test_pairs_come_sorted_and_keep_the_shape_of_the_whole_catalogue() -> None:
    given = ratings(dataset([rated(2, 1, 3), rated(1, 3, 4), rated(1, 2, 5)], items=[9], users=[7]))
    assert given.users.tolist() == [0, 0, 1]
    assert given.items.tolist() == [1, 2, 0]
    assert given.csr().shape == (3, 4)


def test_a_rating_of_zero_survives_in_the_matrix() -> None:
    matrix = ratings(dataset([Did(1, 1, OUT_OF_TEN, 0)], (OUT_OF_TEN,))).csr()
    assert matrix.nnz == 1
    assert matrix.data.tolist() == [0]


def test_events_of_unknown_people_or_items_are_left_out() -> None:
    lost = Dataset(
        user_ids=IdMap(np.array([1])),
        item_ids=IdMap(np.array([1])),
        users=np.array([0, UNKNOWN, 0], np.int32),
        items=np.array([UNKNOWN, 0, 0], np.int32),
        values=np.array([1, 2, 3], np.float32),
        types=np.zeros(3, np.uint8),
        times=np.zeros(3, np.int64),
        kinds=(RATING,),
    )
    assert ratings(lost).values.tolist() == [3]
    assert strengths(lost).nnz == seen(lost).nnz == 1


def test_a_history_is_read_as_training_reads_it_over_the_items_of_the_model() -> None:
    events = [rated(5, 30, 2), Did(5, 10, VIEW), Did(5, 10, PURCHASE), rated(5, 77, 5)]
    trained = ratings(dataset(events)).csr()
    history = histories(dataset(events, users=[6]), IdMap.of(np.array([10, 20, 30])))
    assert history.ratings.shape == history.profiles.shape == (2, 3)
    assert history.ratings.toarray()[1].tolist() == history.profiles.toarray()[1].tolist() == [0, 0, 0]
    assert_allclose(history.ratings.toarray()[0], [trained[0, 0], 0, 2])
    assert_allclose(history.profiles.toarray()[0], [6, 0, 1.25])


def test_some_histories_can_be_taken_out_and_laid_over_the_items_of_another_model() -> None:
    events = [rated(1, 10, 5), rated(2, 10, 4), rated(2, 20, 3), rated(3, 30, 2)]
    known = histories(dataset(events), IdMap.of(np.array([10, 20, 30])))
    chosen = known[np.array([1, 0])].reindexed(np.array([2, UNKNOWN, 0], np.int32), 4)
    assert len(chosen) == 2
    assert chosen.ratings.toarray().tolist() == [[0, 0, 4, 0], [0, 0, 5, 0]]
    assert chosen.profiles.toarray().tolist() == [[0, 0, 3.75, 0], [0, 0, 5, 0]]


def test_a_profile_fades_with_what_came_after_it() -> None:
    events = [rated(1, 3, 5, time=10), rated(1, 1, 5, time=20), rated(1, 2, 5, time=30), rated(2, 1, 5, time=5)]
    first, second = profiles(dataset(events)).toarray()
    assert first[1] == second[0] == 5
    assert first[1] > first[0] > first[2] > 3.5
    assert_allclose(first[2], 5 * (0.7 + 0.3 * np.exp(-2 / 15)))


def test_what_happened_at_once_and_what_has_no_time_fades_alike() -> None:
    at_once = profiles(dataset([rated(1, item, 5, time=10) for item in range(3)]))
    undated = profiles(dataset([rated(1, item, 5) for item in range(3)]))
    partly = profiles(dataset([rated(1, 0, 5), rated(1, 1, 5), rated(1, 2, 5, time=10)])).toarray()[0]
    assert at_once.toarray().tolist() == undated.toarray().tolist() == [[5, 5, 5]]
    assert partly[0] == partly[1] < partly[2] == 5


def test_an_item_is_as_fresh_as_the_last_event_with_it() -> None:
    events = [rated(1, 0, 5, time=10), rated(1, 1, 5, time=20), Did(1, 0, VIEW, time=30)]
    assert_allclose(profiles(dataset(events)).toarray(), [[6, 5 * (0.7 + 0.3 * np.exp(-1 / 15))]])


def test_strengths_add_up_what_speaks_for_an_item() -> None:
    told = dataset([*views(2), Did(1, 1, PURCHASE), rated(1, 1, 2), rated(1, 1, 5, time=9), rated(2, 1, 3)])
    assert strengths(told).toarray().tolist() == [[12], [2.5]]


def test_strengths_know_no_evidence_against() -> None:
    disliked = [Did(1, 2, DISLIKE), Did(1, 4, DISLIKE)]
    told = strengths(dataset([rated(1, 1, 1), *disliked, Did(1, 3, IMPRESSION), Did(1, 5, VIEW)]))
    assert told.nnz == 1
    assert told.toarray().tolist() == [[0, 0, 0, 0, 1]]


@pytest.mark.parametrize(
    ("event", "liked"),
    [
        (rated(1, 1, 4), True),
        (rated(1, 1, 3.5), False),
        (rated(1, 1, np.nan), False),
        (Did(1, 1, VIEW), True),
        (Did(1, 1, VIEW, value=0.5), True),
        (Did(1, 1, DISLIKE), False),
        (Did(1, 1, IMPRESSION), False),
        (Did(1, 1, OUT_OF_TEN, 7), False),
        (Did(1, 1, OUT_OF_TEN, 7.5), True),
    ],
)
def test_what_shows_that_an_item_was_liked(event: Did, liked: bool) -> None:
    assert relevant(dataset([event], (*KINDS, OUT_OF_TEN))).tolist() == [liked]


def test_seen_is_what_the_kinds_say_marks_an_item_seen() -> None:
    told = dataset([Did(1, 1, VIEW), Did(1, 1, VIEW), Did(1, 2, IMPRESSION), Did(2, 2, DISLIKE)])
    assert seen(told).toarray().tolist() == [[1, 0], [0, 1]]


def test_pairs_marks_the_pairs_of_the_chosen_events_once() -> None:
    told = dataset([Did(1, 1, VIEW), Did(1, 1, VIEW), Did(2, 2, VIEW)])
    assert pairs(told, np.array([True, True, False])).toarray().tolist() == [[1, 0], [0, 0]]


def test_no_events_come_to_nothing() -> None:
    nothing = dataset([], users=[1], items=[1, 2])
    assert len(ratings(nothing)) == strengths(nothing).nnz == seen(nothing).nnz == len(relevant(nothing)) == 0
    assert ratings(nothing).csr().shape == strengths(nothing).shape == (1, 2)


def test_an_impression_is_no_turning_to_the_item() -> None:
    events = [rated(1, 1, 5, time=100), rated(1, 2, 5, time=200), rated(1, 3, 5, time=300)]
    shown = [*events, Did(1, 1, IMPRESSION, time=400)]
    assert_allclose(profiles(dataset(shown, KINDS)).toarray(), profiles(dataset(events, KINDS)).toarray())
