"""Simulate a user who meets a work: from a click to a rating, or to a dislike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.rhythm import DAY

TYPES = ("click", "view", "like", "dislike", "add_to_cart", "purchase", "share", "rating")
CLICK, VIEW, LIKE, DISLIKE, CART, PURCHASE, SHARE, RATING = range(len(TYPES))

PAUSES = (0, 4, 45, 40, 90, 280, 150, 180)
"""Seconds from the beginning of an encounter to each type of event, give or take a half."""
READING_DAYS = 8.0
"""Mean days from a purchase to its rating."""
HOURS_OFF = 2 * 3600

CLICKED, BOUGHT_FROM_CART = 0.3, 0.65
RATED_UNBOUGHT, RATED_BOUGHT = 0.9, 0.95
"""The works are well known: most who come across one can rate it."""
MOOD, NOISE = 0.4, 0.4
"""Chance in what users do, and in how they rate."""
DISLIKED, LIKED = 2, 4
"""The highest rating that goes with a dislike, and the lowest that goes with a like."""


@dataclass(frozen=True)
class Encounters:
    """Hold the pairs of a user and a work that meet, each once: parallel arrays, sorted by user."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    suits: NDArray[np.float64]
    """How much the person likes the work: mean 0, spread 1."""

    def __len__(self) -> int:
        return len(self.users)

    def take(self, kept: NDArray[np.int64]) -> "Encounters":
        """Return the encounters at the indices `kept`."""
        return Encounters(self.users[kept], self.items[kept], self.suits[kept])


def act(
    rng: np.random.Generator, met: Encounters, opinions: NDArray[np.float64], raters: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Draw which events happen (encounters, types); a view always does.

    `opinions` are the ratings of `rate`, and `raters` how willing each user is to rate, from 0 to 1. Nobody contradicts
    their own rating: a like needs one that is `LIKED` or more, a dislike one that is `DISLIKED` or less, and whoever
    would rate an item that low neither buys nor shares it.
    """
    roll = rng.uniform(size=(len(met), len(TYPES)))
    mood = met.suits + MOOD * rng.normal(size=len(met))
    dislikes = opinions <= DISLIKED
    done = np.zeros(roll.shape, bool)
    done[:, VIEW] = True
    done[:, CLICK] = roll[:, CLICK] < CLICKED
    done[:, LIKE] = (opinions >= LIKED) & (roll[:, LIKE] < _chance(1.6 * mood - 1.2))
    done[:, DISLIKE] = dislikes & (roll[:, DISLIKE] < _chance(-1.6 * mood - 2.6))
    done[:, CART] = ~dislikes & (roll[:, CART] < _chance(1.5 * mood - 2.3))
    done[:, PURCHASE] = done[:, CART] & (roll[:, PURCHASE] < BOUGHT_FROM_CART)
    done[:, SHARE] = ~dislikes & (roll[:, SHARE] < _chance(1.4 * mood - 4.0))
    willing = np.where(done[:, PURCHASE], RATED_BOUGHT, RATED_UNBOUGHT)
    done[:, RATING] = roll[:, RATING] < willing * raters[met.users]
    return done


def within(quota: NDArray[np.int64], met: Encounters, done: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the events of `done`, without those beyond the `quota` of their user."""
    running = np.cumsum(done.ravel()).reshape(done.shape)
    first = np.searchsorted(met.users, met.users, side="left")
    before = np.where(first > 0, running[first - 1, -1], 0)
    return done & (running - before[:, None] <= quota[met.users, None])


def rate(rng: np.random.Generator, met: Encounters, generosity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rating from 1 to 5 that each encounter would get, in whole steps."""
    exact = 3.6 + 0.85 * met.suits + generosity[met.users] + NOISE * rng.normal(size=len(met))
    return np.clip(np.rint(exact), 1, 5)


def moments(
    rng: np.random.Generator, starts: NDArray[np.int64], done: NDArray[np.bool_], until: int
) -> NDArray[np.int64]:
    """Draw the time of each event (encounters, types): soon one after the other, a rating days after the purchase."""
    pauses = np.array(PAUSES) * rng.uniform(0.5, 1.5, size=done.shape)
    times = starts[:, None] + pauses.astype(np.int64)
    # Whole days later, and a little off: people rate at the hour of day at which they shop.
    later = (1 + rng.exponential(READING_DAYS, len(starts))).astype(np.int64) * DAY
    rated = times[:, RATING] + later + rng.integers(-HOURS_OFF, HOURS_OFF, len(starts))
    waits = done[:, PURCHASE] & (rated < until)
    times[:, RATING] = np.where(waits, rated, times[:, RATING])
    return times


def _chance(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))
