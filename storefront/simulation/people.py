"""Make the simulated users: name, country, age, day of joining, and activity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.rhythm import DAY, Rhythm

NAMES = {
    "AU": ("matilda", "lachlan", "isla", "jack", "ruby", "angus"),
    "BR": ("beatriz", "joao", "larissa", "thiago", "camila", "rafael"),
    "CA": ("chloe", "liam", "audrey", "noah", "maeve", "etienne"),
    "DE": ("hannah", "lukas", "greta", "jonas", "frieda", "moritz"),
    "ES": ("lucia", "pablo", "carmen", "diego", "ines", "javier"),
    "FR": ("camille", "hugo", "manon", "louis", "elise", "antoine"),
    "GB": ("olivia", "harry", "emily", "george", "poppy", "arthur"),
    "IE": ("saoirse", "cian", "aoife", "oisin", "niamh", "declan"),
    "IN": ("priya", "arjun", "ananya", "rohan", "meera", "vikram"),
    "IT": ("giulia", "matteo", "chiara", "lorenzo", "elena", "marco"),
    "JP": ("yuki", "haruto", "sakura", "ren", "aiko", "kenji"),
    "KE": ("wanjiru", "kamau", "akinyi", "otieno", "makena", "juma"),
    "MX": ("valeria", "mateo", "ximena", "emilio", "paola", "andres"),
    "NG": ("amara", "chidi", "ngozi", "tunde", "folake", "emeka"),
    "NL": ("sanne", "daan", "femke", "bram", "lotte", "pieter"),
    "PL": ("zofia", "jakub", "maja", "piotr", "kasia", "tomasz"),
    "SE": ("astrid", "elias", "freja", "oskar", "linnea", "nils"),
    "US": ("ava", "mason", "grace", "ethan", "naomi", "caleb"),
}
BY_COUNTRY = {"DE": 10, "FR": 7, "GB": 16, "IN": 8, "US": 18}
"""How many come from a country, relative to 4 from any other."""

BY_AGE = {"13-17": 6, "18-24": 16, "25-34": 25, "35-44": 20, "45-54": 14, "55-64": 11, "65+": 8}

WITHOUT_HISTORY = 0.05
WITH_ONE_EVENT = 0.03
ACTIVITY_SPREAD = 1.05
"""Standard deviation of the logarithm of a person's activity: a tenth of the people do nearly half of everything."""
GENEROSITY = 0.35
"""Standard deviation of people's ratings about each other's mean."""


@dataclass(frozen=True, slots=True)
class Person:
    """Describe one simulated user; `preferences` are the categories that they stated on joining."""

    user_id: str
    joined: int
    age_group: str
    country: str
    preferences: tuple[str, ...]


@dataclass(frozen=True)
class Crowd:
    """Hold the users as arrays: row i is user i. `countries` and `ages` index into NAMES and BY_AGE."""

    countries: NDArray[np.int64]
    ages: NDArray[np.int64]
    joined: NDArray[np.int64]
    activity: NDArray[np.float64]
    """Relative; 0: no history at all, NaN: exactly one event."""
    raters: NDArray[np.float64]
    """How willing each is to rate, from 0 to 1."""
    generosity: NDArray[np.float64]
    """By how much each rates above or below the others."""

    def __len__(self) -> int:
        return len(self.ages)


def draw_crowd(rng: np.random.Generator, size: int, rhythm: Rhythm) -> Crowd:
    """Draw users who joined over the last two years, a few of whom have no event or one."""
    by_country = np.array([BY_COUNTRY.get(country, 4) for country in NAMES], float)
    by_age = np.array(list(BY_AGE.values()), float)
    countries = rng.choice(len(NAMES), size, p=by_country / by_country.sum())
    ages = rng.choice(len(BY_AGE), size, p=by_age / by_age.sum())
    joined = rhythm.until - (rng.beta(1.0, 1.3, size) * 2 * 365 * DAY).astype(np.int64) - DAY
    activity = rng.lognormal(0, ACTIVITY_SPREAD, size) * rhythm.share_left(joined)
    order = rng.permutation(size)
    silent, once = round(size * WITHOUT_HISTORY), round(size * WITH_ONE_EVENT)
    activity[order[:silent]] = 0
    activity[order[silent : silent + once]] = np.nan
    return Crowd(countries, ages, joined, activity, rng.beta(4, 1, size), GENEROSITY * rng.normal(size=size))


def introduce(
    rng: np.random.Generator, crowd: Crowd, favourites: NDArray[np.int64], categories: tuple[str, ...]
) -> tuple[Person, ...]:
    """Give the users names. `favourites` (users, 3) are their categories, best first; most state some on joining."""
    countries, ages = list(NAMES), list(BY_AGE)
    digits = max(4, len(str(len(crowd))))
    picks, named = rng.integers(0, 6, len(crowd)), rng.integers(0, 4, len(crowd))
    return tuple(
        Person(
            user_id=f"{NAMES[countries[country]][picks[row]]}-{row + 1:0{digits}}",
            joined=int(crowd.joined[row]),
            age_group=ages[age],
            country=countries[country],
            preferences=tuple(categories[favourite] for favourite in favourites[row, : named[row]]),
        )
        for row, (country, age) in enumerate(zip(crowd.countries, crowd.ages, strict=True))
    )


def share_out(activity: NDArray[np.float64], events: int, most: int) -> NDArray[np.int64]:
    """Return the number of events of each user: by activity, at most `most` each, exactly `events` in all."""
    once = np.isnan(activity)
    once &= np.cumsum(once) <= events
    wanted = np.where(np.isnan(activity), 0, activity)
    low, high = 0.0, (events + 1) / wanted[wanted > 0].min()
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _quota(wanted, middle, most).sum() + once.sum() <= events else (low, middle)
    quota = _quota(wanted, low, most) + once
    # Rounding leaves a few over: one more each for the busiest who have room.
    busiest = np.argsort(-np.where(quota < most, wanted, 0), kind="stable")
    quota[busiest[: events - int(quota.sum())]] += 1
    return quota


def _quota(wanted: NDArray[np.float64], per_activity: float, most: int) -> NDArray[np.int64]:
    return np.minimum(wanted * per_activity, most).astype(np.int64)
