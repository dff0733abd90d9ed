"""Which events a model learns from and which it is judged by."""

from dataclasses import dataclass, replace

import numpy as np

from recommender.engine.types import UNDATED, Dataset, Mask, Skips


@dataclass(frozen=True, eq=False)
class Split:
    """Two parts of one dataset, over the same people and items, and how they were told apart, in plain words."""

    train: Dataset
    test: Dataset
    protocol: str


def holdout(dataset: Dataset, rng: np.random.Generator, test_fraction: float = 0.2) -> Split:
    """Each person's last events are the test, `test_fraction` of them, rounded down.

    The order is that of time, then item id; events without a time come before the others, in random order, so that
    where no event has one the test is a random draw.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction is {test_fraction}; it must lie between 0 and 1.")
    undated = dataset.times == UNDATED
    lot = np.where(undated, rng.random(len(dataset)), 0)
    order = np.lexsort((dataset.items, lot, dataset.times, dataset.users))
    counts = np.bincount(dataset.users, minlength=dataset.n_users)
    still_to_come = np.repeat(np.cumsum(counts), counts) - np.arange(len(dataset))
    n_test = np.floor(counts * test_fraction + 1e-9)
    is_test = np.zeros(len(dataset), bool)
    is_test[order] = still_to_come <= n_test[dataset.users[order]]
    train = replace(dataset.select(~is_test), skips=_known_before(dataset, is_test))
    return Split(train, dataset.select(is_test), _protocol(undated, test_fraction))


def random_part(dataset: Dataset, rng: np.random.Generator, test_fraction: float = 0.2) -> Split:
    """A random `test_fraction` of all events is the test, rounded down. It flatters: models learn from the future."""
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction is {test_fraction}; it must lie between 0 and 1.")
    is_test = np.zeros(len(dataset), bool)
    is_test[rng.permutation(len(dataset))[: int(len(dataset) * test_fraction + 1e-9)]] = True
    words = f"A random {test_fraction * 100:g} % of all events are the test."
    return Split(_learning(dataset, is_test), dataset.select(is_test), words)


def leave_one_out(dataset: Dataset, rng: np.random.Generator, is_relevant: Mask) -> Split:
    """One relevant event of each person who has any, drawn at random, is the test; everything else is training."""
    lot = np.where(is_relevant, rng.random(len(dataset)), 2)
    order = np.lexsort((lot, dataset.users))
    first = order[np.diff(dataset.users[order], prepend=-1) != 0]
    is_test = np.zeros(len(dataset), bool)
    is_test[first[is_relevant[first]]] = True
    words = "One relevant event of each person, drawn at random, is the test; all others are training."
    return Split(_learning(dataset, is_test), dataset.select(is_test), words)


def folds(dataset: Dataset, rng: np.random.Generator, n: int) -> list[Split]:
    """The events in n random parts of one size, each the test of the others."""
    part = rng.permutation(len(dataset)) % n
    return [
        Split(_learning(dataset, part == number), dataset.select(part == number), f"Fold {number + 1} of {n}.")
        for number in range(n)
    ]


def _learning(dataset: Dataset, is_test: Mask) -> Dataset:
    """The training part where nobody's future is told from the past: what was passed over may belong to either."""
    return replace(dataset.select(~is_test), skips=None)


def _known_before(dataset: Dataset, is_test: Mask) -> Skips | None:
    """What people had passed over before the first of their own events that are the test."""
    if dataset.skips is None:
        return None
    first = np.full(dataset.n_users, np.iinfo(np.int64).max)
    np.minimum.at(first, dataset.users[is_test], dataset.times[is_test])
    return dataset.skips.before(first)


def _protocol(undated: Mask, test_fraction: float) -> str:
    share = f"{test_fraction * 100:g} %"
    if undated.all():
        return (
            f"The events have no times, so a random {share} of each person's events are the test: "
            "how well the model foretells the future can't be told from it."
        )
    words = f"The last {share} of each person's events, by time, are the test; the model learns from the earlier ones."
    if undated.any():
        words += f" {undated.mean() * 100:.1f} % of the events have no time and count as the earliest, in random order."
    return words
