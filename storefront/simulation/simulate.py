"""Run the whole simulation: which user meets which work, what they do with it, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.behaviour import RATING, Encounters, act, moments, rate, within
from storefront.simulation.people import Person, share_out
from storefront.simulation.rhythm import DAY, Rhythm
from storefront.simulation.shop import come_across
from storefront.simulation.visits import Visits, draw_visits
from storefront.simulation.world import draw_world
from storefront.works.works import Work

SOURCES = ("home", "shelf", "search", "item", "mail")
"""The page on which a user met a work; by mail the shop asks for a rating, days after a purchase."""
MAIL = SOURCES.index("mail")


@dataclass(frozen=True)
class Log:
    """Hold the events in the order of time: entry k of each array is event k.

    `users` and `items` index into the simulation's people and works, `types` into TYPES, `sources` into SOURCES;
    `values` is NaN but for ratings; `times` are seconds since 1970.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    types: NDArray[np.int8]
    values: NDArray[np.float32]
    times: NDArray[np.int64]
    visits: NDArray[np.int32]
    sources: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Simulation:
    """Hold a shop with its users and their events. `published` has the seconds since 1970 of each work's arrival."""

    works: tuple[Work, ...]
    published: NDArray[np.int64]
    people: tuple[Person, ...]
    log: Log


def most_events(people: int, items: int) -> int:
    """Return the most events that so many users can have with so many works before it looks forced."""
    return people * items // 4


def simulate(works: Sequence[Work], people: int, events: int, seed: int, until: datetime) -> Simulation:
    """Simulate exactly `events` events of so many `people` in the half year before `until` (aware, UTC).

    Raises ValueError where there are more events than `most_events` allows.
    """
    if events > most_events(people, len(works)):
        raise ValueError(
            f"{people} people and {len(works)} works have {most_events(people, len(works))} events at most."
        )
    world, (for_choice, for_acts, for_times) = draw_world(works, people, seed, until)
    rhythm, shop, crowd = Rhythm(until), world.shop, world.crowd
    quota = share_out(crowd.activity, events, shop.met_works)
    met = come_across(for_choice, world.tastes, shop, quota)
    ratings = rate(for_acts, met, crowd.generosity)
    done = within(quota, met, act(for_acts, met, ratings, crowd.raters))
    kept = np.flatnonzero(done.any(axis=1))
    met, done, ratings = met.take(kept), done[kept], ratings[kept]
    visits = draw_visits(for_times, met, crowd.joined, shop.published, rhythm)
    log = _write_log(for_times, met, done, ratings, visits, rhythm.until)
    return Simulation(world.works, shop.published, world.people, log)


def _write_log(
    rng: np.random.Generator,
    met: Encounters,
    done: NDArray[np.bool_],
    ratings: NDArray[np.float64],
    visits: Visits,
    until: int,
) -> Log:
    """Return one entry for each event of `done` (encounters, types)."""
    moment = moments(rng, visits.starts, done, until)
    source = np.repeat(rng.integers(0, MAIL, (len(met), 1)), done.shape[1], axis=1)
    source[moment - visits.starts[:, None] > DAY // 2] = MAIL
    encounter, kind = np.nonzero(done)
    order = np.lexsort((kind, met.items[encounter], met.users[encounter], moment[done]))
    encounter, kind = encounter[order], kind[order]
    return Log(
        users=met.users[encounter].astype(np.int32),
        items=met.items[encounter].astype(np.int32),
        types=kind.astype(np.int8),
        values=np.where(kind == RATING, ratings[encounter], np.nan).astype(np.float32),
        times=moment[encounter, kind],
        visits=visits.numbers[encounter].astype(np.int32),
        sources=source[encounter, kind].astype(np.int8),
    )
