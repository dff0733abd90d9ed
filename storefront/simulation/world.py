"""Draw what is there before anybody does anything: the shop, the users and their tastes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.people import Crowd, Person, draw_crowd, introduce
from storefront.simulation.rhythm import Rhythm
from storefront.simulation.shop import (
    QUALITY_PLEASES,
    STYLE_DRAWS,
    STYLE_PLEASES,
    TOPIC_DRAWS,
    TOPIC_PLEASES,
    Shop,
    stock,
)
from storefront.simulation.tastes import Tastes, draw_tastes
from storefront.works.works import CATEGORIES, Work


@dataclass(frozen=True)
class World:
    """Hold the works of the shop (row i is work i), and its users with their tastes (row i is user i)."""

    works: tuple[Work, ...]
    shop: Shop
    crowd: Crowd
    tastes: Tastes
    people: tuple[Person, ...]

    def draws(self, user: int, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how much works draw a user who sees their covers: their topics, and a little what they are like."""
        topic, style = self._of(user, items)
        return TOPIC_DRAWS * topic + STYLE_DRAWS * style + self.shop.fame[items]

    def pleases(self, user: int, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how much a user likes works once they know them: mostly their style."""
        topic, style = self._of(user, items)
        return TOPIC_PLEASES * topic + STYLE_PLEASES * style + QUALITY_PLEASES * self.shop.quality[items]

    def _of(self, user: int, items: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rows, traits = slice(user, user + 1), self.shop.traits.take(items)
        return self.tastes.by_topic(rows, traits)[0], self.tastes.by_style(rows, traits)[0]


def draw_world(
    works: Sequence[Work], people: int, seed: int, until: datetime
) -> tuple[World, tuple[np.random.Generator, ...]]:
    """Draw a world, the same for the same numbers but for its dates, which follow `until`.

    Return it with the streams of random numbers for what its users choose, what they do, and when.
    """
    # A stream for each part: a change in one leaves the others as they are.
    for_shop, for_crowd, for_tastes, *others = np.random.default_rng(seed).spawn(6)
    rhythm = Rhythm(until)
    shop = stock(for_shop, works, rhythm)
    crowd = draw_crowd(for_crowd, people, rhythm)
    tastes = draw_tastes(for_tastes, crowd, shop.traits)
    users = introduce(for_crowd, crowd, tastes.favourites, CATEGORIES)
    return World(tuple(works), shop, crowd, tastes, users), tuple(others)
