"""Group encounters into visits of users."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.behaviour import Encounters
from storefront.simulation.rhythm import Rhythm

PER_VISIT = 3.0
"""Mean encounters in one visit."""
ENCOUNTER = 420
"""Seconds that somebody stays with one work before turning to the next."""


@dataclass(frozen=True)
class Visits:
    """Hold the start of each encounter (seconds since 1970), and the number of the visit it belongs to."""

    starts: NDArray[np.int64]
    numbers: NDArray[np.int64]


def draw_visits(
    rng: np.random.Generator,
    met: Encounters,
    joined: NDArray[np.int64],
    published: NDArray[np.int64],
    rhythm: Rhythm,
) -> Visits:
    """Spread each user's encounters over visits since `joined`, none before the work was `published`."""
    visits = np.ceil(np.bincount(met.users, minlength=len(joined)) / PER_VISIT).astype(np.int64)
    owners = np.repeat(np.arange(len(joined)), visits)
    times = rhythm.draw(rng, joined[owners])
    times = times[np.lexsort((times, owners))]
    first = _first_since(owners, times, met.users, published[met.items], rhythm.until)
    left = np.cumsum(visits)[met.users] - first
    numbers = first + (rng.uniform(size=len(met)) * left).astype(np.int64)
    # Whoever came too early for a work comes once more, for this work alone.
    alone = np.flatnonzero(left == 0)
    numbers[alone] = len(times) + np.arange(len(alone))
    extra = rhythm.draw(rng, np.maximum(joined[met.users[alone]], published[met.items[alone]]))
    return Visits(_one_by_one(numbers, np.concatenate([times, extra]), rhythm.until), numbers)


def _first_since(
    owners: NDArray[np.int64],
    times: NDArray[np.int64],
    users: NDArray[np.int64],
    since: NDArray[np.int64],
    until: int,
) -> NDArray[np.int64]:
    """Return the number of each user's first visit at or after `since`; visits are sorted by owner and time."""
    return np.searchsorted(owners * until + times, users * until + since)


def _one_by_one(numbers: NDArray[np.int64], times: NDArray[np.int64], until: int) -> NDArray[np.int64]:
    """Return starts one after the other for the encounters of one visit, early enough to end before `until`."""
    sizes = np.bincount(numbers, minlength=len(times))
    begins = np.minimum(times, until - (sizes + 1) * ENCOUNTER)
    order = np.argsort(numbers, kind="stable")
    places = np.empty(len(numbers), np.int64)
    places[order] = np.arange(len(numbers)) - (np.cumsum(sizes) - sizes)[numbers[order]]
    return begins[numbers] + places * ENCOUNTER
