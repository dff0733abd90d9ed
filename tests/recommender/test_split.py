"""What a model is judged by comes after what it learned from."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.engine.evaluation.split import Split, holdout, split_at_moment
from recommender.engine.types import UNDATED, Dataset, Skips
from tests.datasets import Did, dataset, rated


def split(data: Dataset, seed: int = 1, test_fraction: float = 0.2) -> Split:
    return holdout(data, np.random.default_rng(seed), test_fraction)


def items_of(part: Dataset) -> list[int]:
    return part.item_ids.ids[part.items].tolist()


def diary(user: int, n: int, dated: bool = True) -> list[Did]:
    """Items 1 to n, in the order of time but not of the file."""
    events = [rated(user, item, 3, time=100 + item if dated else UNDATED) for item in range(1, n + 1)]
    return events[1:] + events[:1]


def test_the_last_fifth_of_each_persons_events_is_the_test() -> None:
    halves = split(dataset(diary(1, 10) + diary(2, 5)))
    assert items_of(halves.test) == [9, 10, 5]
    assert len(halves.train) == 12


def test_the_fraction_is_rounded_down_so_that_everybody_keeps_something_to_learn_from() -> None:
    assert len(split(dataset(diary(1, 4))).test) == 0
    assert len(split(dataset(diary(1, 9))).test) == 1
    assert len(split(dataset(diary(1, 10)), test_fraction=0.39).test) == 3
    assert len(split(dataset(diary(1, 100)), test_fraction=0.29).test) == 29


def at_one_time(users: int = 200, items: int = 10) -> Dataset:
    return dataset([rated(user, item, 3, time=7) for user in range(users) for item in range(items)])


@pytest.mark.parametrize("how", [holdout, split_at_moment])
def test_events_at_one_time_are_held_out_at_random_by_the_seed(how: Any) -> None:
    first, again, other = (how(at_one_time(), np.random.default_rng(seed), 0.2) for seed in (1, 1, 2))
    assert items_of(first.test) == items_of(again.test) != items_of(other.test)
    held = np.bincount(first.test.items, minlength=10)
    # 400 events of 2,000: each item's share is a tenth of them, whatever its id is.
    assert held.min() > 20
    assert held.max() < 60


def test_times_that_are_days_are_ties_within_the_day_alone() -> None:
    day = 86_400
    events = [rated(user, item, 3, time=day * (item // 5)) for user in range(100) for item in range(10)]
    halves = split(dataset(events))
    assert (halves.test.times == day).all()
    assert np.bincount(halves.test.items, minlength=10)[5:].min() > 20
    assert "100.0 % of the events share their user and time with another" in halves.protocol


def moment(data: Dataset, seed: int = 1, test_fraction: float = 0.2) -> Split:
    return split_at_moment(data, np.random.default_rng(seed), test_fraction)


def test_one_moment_divides_the_events_of_all_users() -> None:
    halves = moment(dataset([rated(item % 7, item, 3, time=1_000_000 + item) for item in range(100)]))
    assert halves.train.times.max() < halves.test.times.min() == 1_000_080
    assert halves.protocol == (
        "All events from 1970-01-12 13:48:00 UTC on, the last 20 %, are the test for all users alike; "
        "the model learns from the earlier ones."
    )


def test_events_at_the_very_moment_are_drawn_and_the_words_say_so() -> None:
    data = dataset([rated(1, item, 3, time=100 if item < 70 else 200) for item in range(100)])
    halves = moment(data)
    assert (halves.test.times == 200).all()
    assert "Of the 30 events at that very time a random 20 are in the test." in halves.protocol
    assert items_of(halves.test) != items_of(moment(data, seed=2).test)


@pytest.mark.parametrize(("time", "words"), [(7, "have one time"), (UNDATED, "have no times")])
def test_times_that_say_nothing_give_a_random_part_and_plain_words(time: int, words: str) -> None:
    halves = moment(dataset([rated(user, item, 3, time=time) for user in range(20) for item in range(10)]))
    assert len(halves.test) == 40
    assert words in halves.protocol
    assert "can't be told from it" in halves.protocol


def test_skips_after_the_moment_are_not_learned_from() -> None:
    data = dataset([rated(1, item, 3, time=item) for item in range(10)])
    skips = Skips(np.zeros(2, np.int32), np.array([1, 2], np.int32), np.ones(2, np.float32), np.array([3, 8]))
    learned = moment(replace(data, skips=skips)).train.skips
    assert learned is not None
    assert learned.last.tolist() == [3]


def test_both_parts_know_the_same_people_and_items() -> None:
    data = dataset(diary(1, 10), users=[8], items=[99])
    halves = split(data)
    assert halves.train.user_ids is halves.test.user_ids is data.user_ids
    assert halves.train.item_ids is halves.test.item_ids is data.item_ids


def test_with_times_the_seed_changes_nothing() -> None:
    data = dataset(diary(1, 20))
    assert items_of(split(data, seed=1).test) == items_of(split(data, seed=2).test)
    assert split(data).protocol == (
        "The last 20 % of each user's events, by time, are the test; the model learns from the earlier ones."
    )


def test_without_times_the_split_is_a_seeded_draw_and_says_so() -> None:
    data = dataset(diary(1, 50, dated=False))
    assert items_of(split(data, seed=1).test) == items_of(split(data, seed=1).test)
    assert items_of(split(data, seed=1).test) != items_of(split(data, seed=2).test)
    assert len(split(data).test) == 10
    assert split(data).protocol.startswith("The events have no times, so a random 20 %")


def test_events_without_a_time_count_as_the_earliest_and_the_split_says_how_many() -> None:
    data = dataset(diary(1, 4) + [rated(1, 50 + item, 3) for item in range(6)])
    halves = split(data)
    assert items_of(halves.test) == [3, 4]
    assert "60.0 % of the events have no time" in halves.protocol


def test_no_events_split_into_nothing() -> None:
    halves = split(dataset([]))
    assert len(halves.train) == len(halves.test) == 0


@pytest.mark.parametrize("fraction", [0, 1, -0.1])
def test_a_fraction_that_leaves_one_part_empty_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"^test_fraction is "):
        split(dataset(diary(1, 5)), test_fraction=fraction)
