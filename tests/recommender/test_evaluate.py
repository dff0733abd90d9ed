"""An evaluation is fair, complete, and can be had again."""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from recommender.engine.algorithms.popular import Popular
from recommender.engine.algorithms.svd import SVD
from recommender.engine.evaluation.evaluate import evaluate, judge
from recommender.engine.evaluation.prepare import data_hash, prepare
from recommender.engine.evaluation.split import Split
from recommender.engine.types import CannotFit, Dataset, Model, Progress, silent
from tests.datasets import (
    DISLIKE,
    IMPRESSION,
    KINDS,
    PURCHASE,
    RATING,
    VIEW,
    Did,
    dataset,
    many_tastes,
    movielens,
    rated,
)

SMALL = SVD(n_factors=2, n_epochs=2)


def popular_of(split: Split) -> Model:
    return Popular().fit(split.train, np.random.default_rng(0))


def shelf(train: list[Did], test: list[Did]) -> Split:
    """A split made by hand, over the same people and items."""
    whole = dataset(train + test)
    first = np.arange(len(whole)) < len(train)
    return Split(whole.select(first), whole.select(~first), "by hand")


def popular_items(*items: int) -> list[Did]:
    """Purchases by a crowd, fewer from item to item."""
    return [Did(100 + person, item, PURCHASE) for rank, item in enumerate(items) for person in range(9 - rank)]


def test_lists_are_judged_against_what_was_liked_later_and_not_seen_before() -> None:
    split = shelf([*popular_items(1, 2, 3, 4), Did(1, 1, VIEW)], [Did(1, 3, PURCHASE)])
    figures = judge(popular_of(split), split, k=2)
    # Item 1 is seen, so the list is 2, 3: the hit stands second.
    assert figures["ndcg"] == pytest.approx(1 / math.log2(3))
    assert (figures["recall"], figures["precision"]) == (1, 0.5)
    assert figures["coverage"] == 2 / 4
    assert (figures["users"], figures["served"]) == (1, 1)


def test_what_a_person_had_seen_already_is_not_expected_again() -> None:
    split = shelf([*popular_items(1, 2), Did(1, 1, VIEW)], [Did(1, 1, PURCHASE), Did(1, 2, PURCHASE)])
    assert judge(popular_of(split), split, k=1)["recall"] == 1


def test_an_impression_is_neither_seen_nor_liked() -> None:
    split = shelf([*popular_items(1, 2), Did(1, 1, IMPRESSION)], [Did(1, 1, PURCHASE), Did(1, 2, IMPRESSION)])
    figures = judge(popular_of(split), split, k=1)
    assert (figures["users"], figures["recall"]) == (1, 1)


def test_people_with_nothing_relevant_later_are_skipped() -> None:
    split = shelf(popular_items(1, 2), [Did(1, 1, VIEW), rated(2, 1, 3), Did(3, 1, DISLIKE)])
    assert judge(popular_of(split), split)["users"] == 1


def test_people_the_model_cannot_serve_count_as_zero() -> None:
    split = shelf([rated(1, 1, 5), rated(2, 2, 5), rated(2, 1, 1)], [rated(1, 2, 5), rated(3, 2, 5)])
    figures = judge(SMALL.fit(split.train, np.random.default_rng(0)), split, k=1)
    assert (figures["users"], figures["served"], figures["recall"]) == (2, 1, 0.5)


def test_errors_are_over_explicit_ratings_that_can_be_predicted() -> None:
    split = shelf([rated(1, 1, 5), rated(2, 2, 5)], [rated(1, 2, 4), rated(3, 2, 1), Did(2, 1, PURCHASE)])
    figures = judge(SMALL.fit(split.train, np.random.default_rng(0)), split)
    assert (figures["ratings"], figures["predicted"]) == (2, 1)
    assert figures["mae"] == figures["rmse"] == pytest.approx(1, abs=0.2)


def diaries() -> Dataset:
    data = many_tastes()
    return replace(data, times=np.arange(len(data)))


def test_the_same_seed_gives_the_same_evaluation() -> None:
    assert evaluate(SMALL, diaries(), 5).as_dict() == evaluate(SMALL, diaries(), 5).as_dict()


def test_popularity_stands_beside_on_the_same_split() -> None:
    beside = evaluate(SMALL, diaries(), 5).as_dict()["beside"]
    assert beside == {"popular": evaluate(Popular(), diaries(), 5).as_dict()["metrics"]}


def test_what_it_takes_to_repeat_it_is_written_down() -> None:
    data = diaries()
    report = evaluate(SMALL, data, 5, k=3, test_fraction=0.3)
    assert (report.seed, report.k, report.test_fraction, report.data_hash) == (5, 3, 0.3, data_hash(data))
    assert report.n_train + report.n_test == len(data)
    assert report.protocol.startswith("All events from 1970-01-01")


def test_the_dictionary_is_plain_json_with_none_for_what_is_not_known() -> None:
    told = evaluate(SMALL, diaries(), 5, k=3).as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["beside"]["popular"]["rmse"] is None
    assert 0 < told["metrics"]["rmse"] < 4
    assert 0 <= told["metrics"]["ndcg_at_3"] <= 1


def test_data_too_small_to_hold_anything_out_have_no_figures_and_no_error() -> None:
    report = evaluate(SMALL, dataset([rated(1, 1, 5), rated(2, 1, 4)]), 5)
    assert (report.n_test, report.metrics["users"]) == (0, 0)
    assert report.as_dict()["metrics"]["rmse"] is report.as_dict()["metrics"]["ndcg_at_10"] is None


def test_an_algorithm_beside_that_cannot_be_fitted_is_left_out() -> None:
    only_dislikes = dataset([Did(user, item, DISLIKE, time=item) for user in range(3) for item in range(5)])
    assert evaluate(SMALL, only_dislikes, 5).beside == {}


def test_the_algorithm_itself_must_fit() -> None:
    with pytest.raises(CannotFit):
        evaluate(SMALL, dataset([], users=[1], items=[1]), 5)


def test_progress_rises_from_0_to_1_over_everything() -> None:
    told: list[float] = []
    evaluate(SMALL, diaries(), 5, progress=lambda done, what: told.append(done))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)


def test_what_progress_raises_stops_the_work() -> None:
    def stop(done: float, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(SMALL, diaries(), 5, progress=stop)


@dataclass(frozen=True)
class Nosy:
    """Remembers what it was shown."""

    shown: list[Dataset]

    def fit(self, dataset: Dataset, rng: np.random.Generator, progress: Progress = silent) -> Model:
        self.shown.append(dataset)
        return Popular().fit(dataset, rng)


def test_the_algorithm_never_sees_the_test_part() -> None:
    nosy, data = Nosy([]), diaries()
    report = evaluate(nosy, data, 5)
    assert [len(shown) for shown in nosy.shown] == [report.n_train]
    assert nosy.shown[0].times.max() < np.sort(data.times)[-report.n_test]


def test_the_last_of_two_ratings_counts_before_anything_is_split() -> None:
    changed = [rated(user, item, 5, time=500 + user) for user in range(40) for item in range(10)]
    once = evaluate(SMALL, dataset(changed), 5)
    first = [rated(user, item, 1, time=user) for user in range(40) for item in range(10)]
    twice = evaluate(SMALL, dataset(first + changed), 5)
    assert (twice.n_train, twice.n_test) == (once.n_train, once.n_test) == (320, 80)
    assert twice.metrics == once.metrics


def test_of_ratings_without_a_time_the_last_line_counts() -> None:
    told = prepare(dataset([rated(1, 1, 1), rated(1, 2, 2), rated(1, 1, 5), Did(1, 1, VIEW), Did(1, 1, VIEW)]))
    ratings = told.values[told.types == KINDS.index(RATING)]
    assert ratings.tolist() == [5, 2]
    assert len(told) == 4


def test_the_order_of_the_lines_changes_neither_figures_nor_hash() -> None:
    data = many_tastes()
    other = data.select(np.random.default_rng(0).permutation(len(data)))
    assert evaluate(SMALL, data, 5).as_dict() == evaluate(SMALL, other, 5).as_dict()
    assert data_hash(data) == data_hash(other)


def test_lists_that_come_out_short_are_judged_as_they_are_filled() -> None:
    known = [rated(user, item, 5, time=1) for user in range(20) for item in range(user % 2, 12, 2)]
    data = dataset([*known, *(rated(user, 4, 5, time=9) for user in range(100, 140))])
    report = evaluate(SMALL, data, 5, test_fraction=0.25)
    assert (report.metrics["users"], report.metrics["served"]) == (40, 0)
    assert report.metrics["ndcg"] == report.beside["popular"]["ndcg"] > 0
    assert report.judged[""].n_known == 0


@pytest.mark.parametrize("part", ["users", "items", "values", "types", "times"])
def test_the_hash_changes_with_any_event(part: str) -> None:
    data = many_tastes()
    changed = getattr(data, part).copy()
    changed[3] += 1
    assert data_hash(replace(data, **{part: changed})) != data_hash(data) == data_hash(many_tastes())


def test_no_events_have_a_hash_too() -> None:
    assert data_hash(dataset([])) == data_hash(dataset([])) != data_hash(dataset([], users=[1]))


def test_the_hash_changes_with_the_kinds() -> None:
    data = many_tastes()
    assert data_hash(replace(data, kinds=(*KINDS, VIEW))) != data_hash(data)


def test_svd_predicts_movielens_and_popularity_ranks_it_better() -> None:
    report = evaluate(SVD(), movielens(), 42)
    assert report.metrics["rmse"] < 0.9
    assert report.metrics["users"] > report.metrics["served"] > 20
    assert report.beside["popular"]["ndcg"] > report.metrics["ndcg"] > 0
