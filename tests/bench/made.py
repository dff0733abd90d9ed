"""Make data sets of the shapes that shops have, for judging lists: sparse readers, dense raters, listeners.

What users choose follows from the tastes of users and items, from what is popular, from where users live, and from what
they chose last. Items' words follow from the items' tastes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.engine import tokens
from recommender.engine.types import Dataset, EventKind, IdMap, TokenTable

RATING = EventKind("rating", 1, scale_min=1, scale_max=5, relevant_at=4)
PLAY = EventKind("event", 1)
DAY, START = 86_400, 1_700_000_000
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """Say how many there are of what, and what the users' choices follow from."""

    n_users: int
    n_items: int
    fewest: int
    mean: float
    """The mean number of events of a user beyond the fewest; the spread is wide."""
    is_rated: bool = True
    popularity: float = 1.0
    taste: float = 1.0
    home: float = 0.0
    """The pull of what is popular in a user's country; half as much of the region's, a third of the city's."""
    last: float = 0.0
    """The pull of items like the last one."""
    n_factors: int = 8


SHAPES: Mapping[str, Shape] = {
    "readers": Shape(4_000, 1_500, fewest=1, mean=3.0, popularity=0.8, taste=0.9, home=0.8),
    "raters": Shape(500, 600, fewest=20, mean=60.0, taste=0.9),
    "listeners": Shape(600, 900, fewest=10, mean=25.0, is_rated=False, taste=0.7, last=0.9),
}


def made(shape: Shape, seed: int) -> Dataset:
    """Return a data set of this shape, drawn by the seed."""
    rng = np.random.default_rng(seed)
    genres = rng.integers(3 * shape.n_factors, size=shape.n_items)
    centres = rng.normal(size=(3 * shape.n_factors, shape.n_factors))
    items = centres[genres] + rng.normal(size=(shape.n_items, shape.n_factors)) * 0.6
    users = rng.normal(size=(shape.n_users, shape.n_factors))
    cities = rng.integers(27, size=shape.n_users)
    popular = rng.normal(size=shape.n_items) * shape.popularity
    near = _near(shape, rng)[cities]
    counts = shape.fewest + np.minimum(rng.exponential(shape.mean, shape.n_users).astype(int), shape.n_items // 3)
    chosen = [
        _choices(shape.taste * items @ users[user] + popular + near[user], items, shape.last, counts[user], rng)
        for user in range(shape.n_users)
    ]
    rows = np.repeat(np.arange(shape.n_users, dtype=np.int32), counts)
    cols = np.concatenate(chosen).astype(np.int32)
    began = rng.integers(300 * DAY, size=shape.n_users)
    steps = np.concatenate([np.arange(n) for n in counts])
    liking = np.einsum("ij,ij->i", users[rows], items[cols]) / np.sqrt(shape.n_factors)
    user_ids, item_ids = IdMap(np.arange(shape.n_users)), IdMap(np.arange(shape.n_items))
    homes = [{"location": f"city {city}, region {city // 3}, country {city // 9}"} for city in cities.tolist()]
    return Dataset(
        user_ids=user_ids,
        item_ids=item_ids,
        users=rows,
        items=cols,
        values=_values(liking, shape, rng),
        types=np.zeros(len(rows), np.uint8),
        times=START + began[rows] + steps * DAY + rng.integers(DAY, size=len(rows)),
        kinds=(RATING if shape.is_rated else PLAY,),
        item_tokens=TokenTable(item_ids, tuple(_words(genre, rng) for genre in genres.tolist())),
        user_segments=TokenTable(user_ids, tuple(tokens.segments(home) for home in homes)),
    )


def _near(shape: Shape, rng: np.random.Generator) -> Numbers:
    """Return how much each item (27, n_items) is liked in each city beyond its popularity."""
    city, region, country = (rng.normal(size=(n, shape.n_items)) for n in (27, 9, 3))
    whole: Numbers = shape.home * (np.repeat(country, 9, axis=0) + np.repeat(region, 3, axis=0) / 2 + city / 3)
    return whole


def _choices(liked: Numbers, items: Numbers, last: float, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw n different items, by the Gumbel trick; one after the other where the last one matters."""
    noisy = liked + rng.gumbel(size=len(liked))
    if not last:
        return np.argsort(-noisy)[:n]
    found = [int(noisy.argmax())]
    left = np.ones(len(liked), bool)
    while len(found) < n:
        left[found[-1]] = False
        likeness = items @ items[found[-1]] / items.shape[1]
        found.append(int(np.where(left, liked + last * likeness + rng.gumbel(size=len(liked)), -np.inf).argmax()))
    return np.array(found)


def _values(liking: Numbers, shape: Shape, rng: np.random.Generator) -> NDArray[np.float32]:
    if not shape.is_rated:
        return np.full(len(liking), np.nan, np.float32)
    return np.clip(np.rint(3.4 + 0.5 * liking + rng.normal(size=len(liking)) * 0.8), 1, 5).astype(np.float32)


def _words(genre: int, rng: np.random.Generator) -> tuple[str, ...]:
    """Return the tokens of an item: its genre, three words of the genre and three of all."""
    words = [*(genre * 10 + rng.integers(10, size=3)), *rng.integers(300, size=3)]
    return (f"{tokens.CATEGORY}genre {genre}", *(f"{tokens.WORD}word{word}" for word in words))
