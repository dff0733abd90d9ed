"""Read what events say of an item: for it, against it, how strongly, and what a pair of user and item comes to."""

import numpy as np
from numpy.typing import NDArray

from recommender.engine.types import UNDATED, UNKNOWN, Dataset, EventKind, FloatArray, IntArray, Mask

STRONGEST = 5.0
"""The strength of the best rating: that of a purchase, the heaviest of the usual implicit kinds."""

WORST = 3.0
"""The strength against an item of the lowest rating: that of a dislike, the usual negative kind."""

AGAINST = 0.25
"""The share of its scale below which a rating speaks against its item, as from three quarters on it is praise."""

Evidence = tuple[IntArray, NDArray[np.floating], IntArray]
"""Parallel arrays (n,): the number of a pair, how much something says of it, and when."""


def verdicts(dataset: Dataset) -> NDArray[np.int8]:
    """Return what each event (n_events,) says of its item by itself: 1 in favour, -1 against, 0 neither.

    In favour: a rating of at least `relevant_at` (three quarters up the scale where the kind doesn't say), or a
    positive implicit event with a weight. Against: a rating below the share AGAINST of its scale, or a negative event.
    """
    kinds, signs = dataset.kinds, np.sign(_signed_weights(dataset.kinds))
    rated = np.where(dataset.values < _disliked_below(kinds)[dataset.types], -1, 0)
    rated[_is_liked(dataset)] = 1
    return np.where(explicit_kinds(kinds)[dataset.types], rated, signs[dataset.types]).astype(np.int8)


def last_ratings(dataset: Dataset) -> Dataset:
    """Return the last rating of each rated pair (by time, then position), sorted by pair."""
    rated = dataset.select(is_known(dataset) & explicit_kinds(dataset.kinds)[dataset.types] & ~np.isnan(dataset.values))
    numbers = pair_numbers(rated)
    order = np.lexsort((rated.times, numbers))
    return rated.select(order[np.append(np.diff(numbers[order]) != 0, True)[: len(order)]])


def all_evidence(dataset: Dataset, given: Dataset | None = None) -> Evidence:
    """Return what the last rating of each pair says (`given`, where these are known), and each implicit event."""
    given = last_ratings(dataset) if given is None else given
    share = rescaled(given, (0.0, 1.0))
    is_against = given.values < _disliked_below(given.kinds)[given.types]
    # Where even the lowest rating is called relevant, it is not nothing.
    in_favour = STRONGEST * np.where(_is_liked(given), np.maximum(share, AGAINST), share)
    rated = np.where(is_against, -WORST * (AGAINST - share) / AGAINST, in_favour)
    numbers, amounts, times = implicit_evidence(dataset)
    return (
        np.concatenate([pair_numbers(given), numbers]),
        np.concatenate([rated, amounts]),
        np.concatenate([given.times, times]),
    )


def implicit_evidence(dataset: Dataset) -> Evidence:
    """Return what each implicit event with a weight says."""
    weights = _signed_weights(dataset.kinds)
    hints = dataset.select(is_known(dataset) & (weights != 0)[dataset.types])
    return pair_numbers(hints), weights[hints.types], hints.times


def net(numbers: IntArray, amounts: NDArray[np.floating], times: IntArray) -> tuple[IntArray, FloatArray]:
    """Return the pairs whose evidence doesn't come to zero, sorted, and what it comes to.

    What speaks for an item counts only after the last event against it.
    """
    pairs, where = np.unique(numbers, return_inverse=True)
    against = np.flatnonzero(amounts < 0)
    turned, last = np.zeros(len(pairs), bool), np.full(len(pairs), UNDATED)
    turned[where[against]] = True
    np.maximum.at(last, where[against], times[against])
    taken_back = (amounts > 0) & turned[where] & (times <= last[where])
    net = np.bincount(where, np.where(taken_back, 0, amounts), len(pairs)).astype(np.float32)
    return pairs[net != 0], net[net != 0]


def rescaled(rated: Dataset, scale: tuple[float, float]) -> FloatArray:
    """Return the values of explicit events (n,), from the scale of their own kind to `scale`; clipped to it."""
    low = np.array([kind.scale_min or 0.0 for kind in rated.kinds])[rated.types]
    high = np.array([kind.scale_max or 0.0 for kind in rated.kinds])[rated.types]
    share = np.clip((rated.values - low) / (high - low), 0, 1)
    return (scale[0] + share * (scale[1] - scale[0])).astype(np.float32)


def _signed_weights(kinds: tuple[EventKind, ...]) -> NDArray[np.float64]:
    """Return what one event of each kind adds to a pair; 0 for explicit kinds, whose value speaks."""
    signs = [0 if kind.is_explicit else -1 if kind.is_negative else 1 for kind in kinds]
    return np.array([sign * kind.weight for sign, kind in zip(signs, kinds, strict=True)], float)


def _disliked_below(kinds: tuple[EventKind, ...]) -> NDArray[np.float64]:
    """Return the rating of each kind (n_kinds,) below which it speaks against; NaN for kinds without ratings."""
    low = np.array([np.nan if kind.scale_min is None else kind.scale_min for kind in kinds])
    high = np.array([np.nan if kind.scale_max is None else kind.scale_max for kind in kinds])
    liked_from = np.array([_liked_from(kind) for kind in kinds])
    return np.minimum(low + AGAINST * (high - low), liked_from)


def _is_liked(dataset: Dataset) -> Mask:
    """Return which events (n_events,) carry a rating that speaks for their item."""
    liked: Mask = dataset.values >= np.array([_liked_from(kind) for kind in dataset.kinds])[dataset.types]
    return liked


def _liked_from(kind: EventKind) -> float:
    if kind.relevant_at is not None or kind.scale_min is None or kind.scale_max is None:
        return np.nan if kind.relevant_at is None else kind.relevant_at
    return kind.scale_min + 0.75 * (kind.scale_max - kind.scale_min)


def explicit_kinds(kinds: tuple[EventKind, ...]) -> Mask:
    """Return which kinds (n_kinds,) carry a rating."""
    return np.array([kind.is_explicit for kind in kinds], bool)


def is_known(dataset: Dataset) -> Mask:
    """Return which events (n_events,) have a user and an item that the dataset knows."""
    return (dataset.users != UNKNOWN) & (dataset.items != UNKNOWN)


def pair_numbers(dataset: Dataset) -> IntArray:
    """Return a number for each event (n_events,) that stands for its user and item."""
    return dataset.users.astype(np.int64) * dataset.n_items + dataset.items
