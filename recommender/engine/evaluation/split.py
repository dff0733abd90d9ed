"""Divide events into those a model learns from and those it is judged by.

Events at one time have no order: wherever a split goes by time, ties are drawn at random by the seed. Ordering them by
item id would hold out each user's highest ids, and whatever is learned or judged from that is wrong.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from recommender.engine.types import UNDATED, Dataset, IntArray, Mask, Skips


@dataclass(frozen=True, eq=False)
class Split:
    """Hold two parts of one dataset, over the same users and items, and how they were told apart, in plain words."""

    train: Dataset
    test: Dataset
    protocol: str
    hidden: Dataset | None = None
    """Events that nothing is learned from and nobody is judged by: lists leave their items out."""


def split_at_moment(dataset: Dataset, rng: np.random.Generator, test_fraction: float = 0.2) -> Split:
    """Hold out everything from one moment on, the same for all users: the last `test_fraction` of all events.

    The model learns from nothing that happened after the first test event, as in production. Events without a time
    count as the earliest. Where all events have one time, or none, the test is a random part.
    """
    _check_fraction(test_fraction)
    order = np.lexsort((rng.random(len(dataset)), dataset.times))
    is_test = np.zeros(len(dataset), bool)
    is_test[order[len(dataset) - _part_of(len(dataset), test_fraction) :]] = True
    train = replace(dataset.select(~is_test), skips=_known_before(dataset, is_test))
    return Split(train, dataset.select(is_test), _moment_protocol(dataset.times, is_test, test_fraction))


def holdout(dataset: Dataset, rng: np.random.Generator, test_fraction: float = 0.2) -> Split:
    """Hold out each user's last events, `test_fraction` of them, rounded down (the split called temporal).

    Events without a time come before the others, in random order, so that where no event has one the test is a random
    draw. It flatters: other users' later events are part of the training.
    """
    _check_fraction(test_fraction)
    order = np.lexsort((rng.random(len(dataset)), dataset.times, dataset.users))
    counts = np.bincount(dataset.users, minlength=dataset.n_users)
    still_to_come = np.repeat(np.cumsum(counts), counts) - np.arange(len(dataset))
    n_test = np.floor(counts * test_fraction + 1e-9)
    is_test = np.zeros(len(dataset), bool)
    is_test[order] = still_to_come <= n_test[dataset.users[order]]
    train = replace(dataset.select(~is_test), skips=_known_before(dataset, is_test))
    return Split(train, dataset.select(is_test), _user_protocol(dataset, test_fraction))


def random_part(dataset: Dataset, rng: np.random.Generator, test_fraction: float = 0.2) -> Split:
    """Hold out a random `test_fraction` of all events, rounded down. It flatters: models learn from the future."""
    _check_fraction(test_fraction)
    is_test = np.zeros(len(dataset), bool)
    is_test[rng.permutation(len(dataset))[: _part_of(len(dataset), test_fraction)]] = True
    words = f"A random {test_fraction * 100:g} % of all events are the test."
    return Split(_without_skips(dataset, is_test), dataset.select(is_test), words)


def leave_one_out(dataset: Dataset, rng: np.random.Generator, is_relevant: Mask) -> Split:
    """Hold out one relevant event of each user who has any, drawn at random; learn from everything else."""
    lot = np.where(is_relevant, rng.random(len(dataset)), 2)
    order = np.lexsort((lot, dataset.users))
    first = order[np.diff(dataset.users[order], prepend=-1) != 0]
    is_test = np.zeros(len(dataset), bool)
    is_test[first[is_relevant[first]]] = True
    words = "One relevant event of each user, drawn at random, is the test; all others are training."
    return Split(_without_skips(dataset, is_test), dataset.select(is_test), words)


def folds(dataset: Dataset, rng: np.random.Generator, n: int) -> list[Split]:
    """Deal the events into n random parts of one size, each the test of the others."""
    part = rng.permutation(len(dataset)) % n
    return [
        Split(_without_skips(dataset, part == number), dataset.select(part == number), f"Fold {number + 1} of {n}.")
        for number in range(n)
    ]


def given_split(dataset: Dataset, is_test: Mask) -> Split:
    """Split as somebody else did: the events at `is_test` (n_events,) are the test."""
    words = "The split was given: the events of one file are training, those of the other are the test."
    return Split(_without_skips(dataset, is_test), dataset.select(is_test), words)


def _check_fraction(test_fraction: float) -> None:
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction is {test_fraction}; it must lie between 0 and 1.")


def _part_of(n: int, test_fraction: float) -> int:
    return int(n * test_fraction + 1e-9)


def _without_skips(dataset: Dataset, is_test: Mask) -> Dataset:
    """Return the training part where the split doesn't go by time: a skip may belong to either part."""
    return replace(dataset.select(~is_test), skips=None)


def _known_before(dataset: Dataset, is_test: Mask) -> Skips | None:
    """Keep what users had skipped before the first of their own events that are the test."""
    if dataset.skips is None:
        return None
    first = np.full(dataset.n_users, np.iinfo(np.int64).max)
    np.minimum.at(first, dataset.users[is_test], dataset.times[is_test])
    return dataset.skips.before(first)


def _moment_protocol(times: IntArray, is_test: Mask, test_fraction: float) -> str:
    share = f"{test_fraction * 100:g} %"
    if not is_test.any():
        return f"The last {share} of all events would be the test, but there are too few to hold any out."
    moment = times[is_test].min()
    if moment == times.min():
        why = "have no times" if moment == UNDATED else "have one time"
        return (
            f"Too many events {why} to go by it, so a random part of them is among the last {share}, the test: "
            "how well the model foretells the future can't be told from it."
        )
    date = datetime.fromtimestamp(int(moment), UTC)
    words = (
        f"All events from {date:%Y-%m-%d %H:%M:%S} UTC on, the last {share}, are the test for all users alike; "
        "the model learns from the earlier ones."
    )
    if (drawn := int((times[~is_test] == moment).sum())) > 0:
        tied = drawn + int((times[is_test] == moment).sum())
        words += f" Of the {tied:,} events at that very time a random {tied - drawn:,} are in the test."
    return words + _undated_words(times)


def _user_protocol(dataset: Dataset, test_fraction: float) -> str:
    share = f"{test_fraction * 100:g} %"
    if (dataset.times == UNDATED).all():
        return (
            f"The events have no times, so a random {share} of each user's events are the test: "
            "how well the model foretells the future can't be told from it."
        )
    words = f"The last {share} of each user's events, by time, are the test; the model learns from the earlier ones."
    if tied := _tied(dataset):
        words += f" {tied * 100:.1f} % of the events share their user and time with another: these are in random order."
    return words + _undated_words(dataset.times)


def _tied(dataset: Dataset) -> float:
    """Return the share of the dated events that have the user and the time of another."""
    dated = dataset.select(dataset.times != UNDATED)
    order = np.lexsort((dated.times, dated.users))
    same = (np.diff(dated.users[order]) == 0) & (np.diff(dated.times[order]) == 0)
    tied = np.append(same, False) | np.insert(same, 0, False)
    return float(tied.mean())


def _undated_words(times: IntArray) -> str:
    undated = float((times == UNDATED).mean())
    return f" {undated * 100:.1f} % of the events have no time and count as the earliest." if undated else ""
