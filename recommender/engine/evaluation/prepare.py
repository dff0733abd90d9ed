"""Bring events into the one form that they are evaluated in, whatever order they were read in."""

from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.engine.evidence import explicit_kinds
from recommender.engine.types import Dataset, IntArray


def prepare(dataset: Dataset) -> Dataset:
    """Keep the last of each user's ratings of an item, and sort the events by what they say.

    Repeats go before anything is split: a model must not learn from a rating that its user took back in the test part.
    The last rating is that with the latest time; of those at one time, or without one, the last in `dataset`. Random
    draws go by position, so sorted events of equal content give equal splits.
    """
    kept = dataset.select(_last_ratings(dataset))
    return kept.select(_canonical_order(kept))


def data_hash(dataset: Dataset) -> str:
    """Return the SHA-256 of everything in the dataset; the order of its events doesn't matter."""
    digest = sha256(repr(dataset.kinds).encode())
    events = dataset.select(_canonical_order(dataset))
    arrays: tuple[NDArray[Any], ...] = (
        events.user_ids.ids,
        events.item_ids.ids,
        events.users,
        events.items,
        events.values,
        events.types,
        events.times,
    )
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _last_ratings(dataset: Dataset) -> IntArray:
    """Return the positions of all events but the ratings that a later one of the same user and item replaces."""
    is_rating = explicit_kinds(dataset.kinds)[dataset.types] & ~np.isnan(dataset.values)
    rated = np.flatnonzero(is_rating)
    order = rated[np.lexsort((rated, dataset.times[rated], dataset.items[rated], dataset.users[rated]))]
    users, items = dataset.users[order], dataset.items[order]
    replaced = order[:-1][(np.diff(users) == 0) & (np.diff(items) == 0)]
    kept = np.ones(len(dataset), bool)
    kept[replaced] = False
    return np.flatnonzero(kept)


def _canonical_order(dataset: Dataset) -> IntArray:
    order: IntArray = np.lexsort((dataset.values, dataset.types, dataset.times, dataset.items, dataset.users))
    return order
