"""What a model is judged by comes after what it learned from."""

import numpy as np
import pytest

from recommender.engine.evaluation.split import Split, holdout
from recommender.engine.types import UNDATED, Dataset
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


def test_of_events_at_one_time_the_higher_item_id_is_the_later() -> None:
    assert items_of(split(dataset([rated(1, item, 3, time=7) for item in (5, 3, 1, 4, 2)])).test) == [5]


def test_both_parts_know_the_same_people_and_items() -> None:
    data = dataset(diary(1, 10), users=[8], items=[99])
    halves = split(data)
    assert halves.train.user_ids is halves.test.user_ids is data.user_ids
    assert halves.train.item_ids is halves.test.item_ids is data.item_ids


def test_with_times_the_seed_changes_nothing() -> None:
    data = dataset(diary(1, 20))
    assert items_of(split(data, seed=1).test) == items_of(split(data, seed=2).test)
    assert split(data).protocol == (
        "The last 20 % of each person's events, by time, are the test; the model learns from the earlier ones."
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
