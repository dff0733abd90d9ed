"""Split as protocols that others published do, so that their figures and ours can stand side by side.

Under these protocols every event that is kept counts as relevant, whatever its rating.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recommender.engine.evaluation.split import Split
from recommender.engine.evidence import explicit_kinds
from recommender.engine.types import Dataset, EventKind, IntArray, Mask

Counts = NDArray[np.int64]
"""The number of events of each user (n_users,)."""


@dataclass(frozen=True)
class Published:
    """Describe a protocol: which ratings are dropped, how many events of each user go where, and what is said of it."""

    words: str
    counts: Callable[[Counts], tuple[Counts, Counts]]
    """From each user's number of events to how many are learned from, and how many are validation."""
    lowest: float | None = None
    """The lowest rating that is kept, where the caller names none; None keeps all."""


def _recbole(n: Counts) -> tuple[Counts, Counts]:
    """Give validation and test a tenth each, rounded down, but one event as long as two or more are left to learn."""
    tenth = (n * 0.1).astype(np.int64)
    learned = n - 2 * tenth
    test = tenth + ((learned > 1) & (n < 10))
    learned = n - tenth - test
    validation = tenth + ((learned > 1) & (n < 10))
    return n - test - validation, validation


def _recommenders(n: Counts) -> tuple[Counts, Counts]:
    """Learn from three quarters, rounded to the nearest whole number, halves to the even one."""
    return np.rint(n * 0.75).astype(np.int64), np.zeros_like(n)


PUBLISHED: Mapping[str, Published] = {
    "recbole": Published(
        "RecBole's protocol: of each user's events a random 80 % are training, 10 % validation, which nothing is "
        "learned from and lists leave out, and 10 % the test, all of it relevant.",
        _recbole,
        lowest=3.0,
    ),
    "recommenders": Published(
        "Recommenders' protocol: of each user's events a random 75 % are training and 25 % the test, all of it "
        "relevant.",
        _recommenders,
    ),
}
"""By the name of `--protocol`."""


def kept_by(dataset: Dataset, protocol: str, lowest: float | None = None) -> tuple[Dataset, Mask]:
    """Return the dataset with kinds that call every rating from `lowest` on relevant, and which events are kept.

    Without a `lowest` the protocol's counts; where it has none, all ratings are kept.
    """
    lowest = PUBLISHED[protocol].lowest if lowest is None else lowest
    is_rating = explicit_kinds(dataset.kinds)[dataset.types]
    kept = ~(is_rating & (dataset.values < (-np.inf if lowest is None else lowest)))
    return replace(dataset, kinds=tuple(_relevant_from(kind, lowest) for kind in dataset.kinds)), kept


def published_split(dataset: Dataset, protocol: str, rng: np.random.Generator) -> Split:
    """Deal each user's events at random into what is learned from, validation and test."""
    order = np.lexsort((rng.random(len(dataset)), dataset.users))
    n = np.bincount(dataset.users, minlength=dataset.n_users)
    learned, validation = PUBLISHED[protocol].counts(n)
    part = np.empty(len(dataset), np.int8)
    part[order] = _parts(n, learned, validation)
    train = replace(dataset.select(part == 0), skips=None)
    return Split(train, dataset.select(part == 2), PUBLISHED[protocol].words, hidden=dataset.select(part == 1))


def _parts(n: Counts, learned: Counts, validation: Counts) -> IntArray:
    """Return the part of each event, sorted by user: 0 to learn from, 1 validation, 2 test."""
    place = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    first, second = np.repeat(learned, n), np.repeat(learned + validation, n)
    return (place >= first).astype(np.int64) + (place >= second)


def _relevant_from(kind: EventKind, lowest: float | None) -> EventKind:
    if not kind.is_explicit:
        return kind
    return replace(kind, relevant_at=kind.scale_min if lowest is None else lowest)
