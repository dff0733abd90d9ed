"""Plain functions that make datasets without a database. Their arrays are read-only: who changes one is found out."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from recommender.engine.types import UNDATED, Dataset, EventKind, IdMap

RATING = EventKind("rating", 1, scale_min=1, scale_max=5, relevant_at=4)
VIEW = EventKind("view", 1)
PURCHASE = EventKind("purchase", 5)
DISLIKE = EventKind("dislike", 3, is_negative=True)
IMPRESSION = EventKind("impression", 0, marks_seen=False)
KINDS = (RATING, VIEW, PURCHASE, DISLIKE, IMPRESSION)

MOVIELENS = Path(__file__).parents[2] / "shared" / "data" / "ml-latest-small" / "ratings.csv.gz"


class Did(NamedTuple):
    """One event, by ids."""

    user: int
    item: int
    kind: EventKind
    value: float = float("nan")
    time: int = UNDATED


def rated(user: int, item: int, value: float, time: int = UNDATED) -> Did:
    return Did(user, item, RATING, value, time)


def dataset(
    events: Sequence[Did],
    kinds: tuple[EventKind, ...] = KINDS,
    users: Sequence[int] = (),
    items: Sequence[int] = (),
) -> Dataset:
    """These events; the people `users` and the items `items` are in it too, with or without any."""
    user_column = np.array([event.user for event in events], np.int64)
    item_column = np.array([event.item for event in events], np.int64)
    user_ids = IdMap.of(np.append(user_column, np.array(users, np.int64)))
    item_ids = IdMap.of(np.append(item_column, np.array(items, np.int64)))
    made = Dataset(
        user_ids=user_ids,
        item_ids=item_ids,
        users=user_ids.rows(user_column),
        items=item_ids.rows(item_column),
        values=np.array([event.value for event in events], np.float32),
        types=np.array([kinds.index(event.kind) for event in events], np.uint8),
        times=np.array([event.time for event in events], np.int64),
        kinds=kinds,
    )
    for array in (made.users, made.items, made.values, made.types, made.times, user_ids.ids, item_ids.ids):
        array.setflags(write=False)
    return made


def two_tastes(pairs_of_people: int = 20, items: int = 24) -> Dataset:
    """People who rate the items of their own taste (even or odd, like their id) 5 and the others 1.

    Everybody has left out one item of each taste: the one of their own is what a recommender should find.
    """
    events = []
    for user in range(2 * pairs_of_people):
        left_out = left_out_by(user, items)
        events += [rated(user, item, 5 if item % 2 == user % 2 else 1) for item in range(items) if item not in left_out]
    return dataset(events)


def left_out_by(user: int, items: int = 24) -> tuple[int, int]:
    """The item of the person's own taste and the one of the other that `two_tastes` leaves out."""
    pair = (user // 2) % (items // 2)
    return 2 * pair + user % 2, 2 * pair + 1 - user % 2


def many_tastes(people: int = 60, items: int = 40, seed: int = 3) -> Dataset:
    """Three ratings in five of people whose taste has two dimensions, in whole steps from 1 to 5."""
    rng = np.random.default_rng(seed)
    liking = rng.normal(size=(people, 2)) @ rng.normal(size=(2, items)) + rng.normal(size=items)
    known = np.argwhere(rng.random(liking.shape) < 0.6)
    return dataset([rated(user, item, np.clip(np.rint(3 + liking[user, item]), 1, 5)) for user, item in known.tolist()])


def movielens() -> Dataset:
    """MovieLens latest-small, where it lies beside the project; else the test is skipped."""
    if not MOVIELENS.exists():
        pytest.skip("MovieLens latest-small is not there: put its ratings.csv.gz into ../shared/data/ml-latest-small.")
    with gzip.open(MOVIELENS) as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    user_ids, item_ids = (IdMap.of(table[:, column].astype(np.int64)) for column in (0, 1))
    return Dataset(
        user_ids=user_ids,
        item_ids=item_ids,
        users=user_ids.rows(table[:, 0].astype(np.int64)),
        items=item_ids.rows(table[:, 1].astype(np.int64)),
        values=table[:, 2].astype(np.float32),
        types=np.zeros(len(table), np.uint8),
        times=table[:, 3].astype(np.int64),
        kinds=(EventKind("rating", 1, scale_min=0.5, scale_max=5, relevant_at=4),),
    )
