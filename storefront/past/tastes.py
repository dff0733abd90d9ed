"""Tell what users like: as they were simulated or, of data from elsewhere, by what they did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from catalog.models import EndUser, Item
from recommender.dataset import load_dataset
from recommender.engine.feedback import strengths
from storefront.simulation.people import GENEROSITY
from storefront.simulation.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLE = 100
"""Users by whom the mean and the spread of what draws people are measured."""

WILL = 2.2
"""How much likelier users turn to what draws them more: its log-odds by spread."""

LATER = 1.5
"""How much a user of data from elsewhere is drawn by what they take up later."""


@dataclass(frozen=True)
class Users:
    """Hold the users as arrays: row i is user i."""

    user_ids: Sequence[str]
    pks: Ints
    joined: Ints
    """In seconds since 1970."""
    activity: Floats
    """Relative: how often they come."""
    raters: Floats
    """How willing each is to rate, from 0 to 1."""
    generosity: Floats

    def __len__(self) -> int:
        return len(self.pks)


class Tastes(Protocol):
    """Tell what draws users who see an item on a list, and how much they like it once they know it."""

    @property
    def users(self) -> Users:
        """Return the users."""

    @property
    def items(self) -> Ints:
        """Return the items by internal id, in order; what is asked for are columns of these."""

    def draws(self, user: int, columns: Ints, at: float) -> Floats:
        """Return how much items draw a user at a moment: mean 0 and spread 1 over all."""

    def pleases(self, user: int, columns: Ints) -> Floats:
        """Return how much a user likes items: mean 0 and spread 1 over what users turn to."""


class SimulatedTastes:
    """Know the simulated users: what they like is what they were made to like."""

    def __init__(self, world: World) -> None:
        """Take the world that the data were made in. Who and what was deleted since takes no part."""
        self._world = world
        known = _known_users()
        self._rows = np.array([row for row, one in enumerate(world.people) if one.user_id in known], np.int64)
        pks = dict(Item.objects.values_list("item_id", "pk"))
        works = sorted((pks[work.id], row) for row, work in enumerate(world.works) if work.id in pks)
        self.items, self._works = np.array(works, np.int64).reshape(-1, 2).T
        people = [world.people[row] for row in self._rows]
        self.users = Users(
            user_ids=[one.user_id for one in people],
            pks=np.array([known[one.user_id][0] for one in people], np.int64),
            joined=np.array([known[one.user_id][1] for one in people], np.int64),
            activity=np.nan_to_num(world.crowd.activity[self._rows], nan=0.01),
            raters=world.crowd.raters[self._rows],
            generosity=world.crowd.generosity[self._rows],
        )

    def draws(self, user: int, columns: Ints, at: float) -> Floats:
        mean, spread = self._drawing
        return (self._world.draws(int(self._rows[user]), self._works[columns]) - mean) / spread

    def pleases(self, user: int, columns: Ints) -> Floats:
        mean, spread = self._pleasing
        return (self._world.pleases(int(self._rows[user]), self._works[columns]) - mean) / spread

    @cached_property
    def _drawing(self) -> tuple[float, float]:
        return _moments(self._world.draws, self._rows, self._works)

    @cached_property
    def _pleasing(self) -> tuple[float, float]:
        return _moments(self._world.pleases, self._rows, self._works, self._drawn)

    def _drawn(self, row: int, works: Ints) -> Floats:
        mean, spread = self._drawing
        return np.exp(WILL * (self._world.draws(row, works) - mean) / spread)


class TastesByHistory:
    """Know users by what they did, early and late: they like its categories, and come to what they took up later."""

    def __init__(self, seed: int) -> None:
        events = load_dataset()
        self.items = events.item_ids.ids
        # They come by user.
        self._starts = np.searchsorted(events.users, np.arange(events.n_users + 1))
        self._taken_up, self._times = events.items, events.times
        likes = strengths(events)
        self._categories = _categories(self.items)
        self._likes = _shares(csr_array(likes @ self._categories))
        self._fame = np.log1p(np.asarray(likes.sum(axis=0)).ravel())
        known = {pk: (user_id, joined) for user_id, (pk, joined) in _known_users().items()}
        rows = [row for row, pk in enumerate(events.user_ids.ids.tolist()) if pk in known]
        self._rows = np.array(rows, np.int64)
        pks = events.user_ids.ids[self._rows]
        rng = np.random.default_rng(seed)
        self.users = Users(
            user_ids=[known[pk][0] for pk in pks.tolist()],
            pks=pks,
            joined=np.array([known[pk][1] for pk in pks.tolist()], np.int64),
            activity=np.sqrt(np.bincount(events.users, minlength=events.n_users)[self._rows]),
            raters=rng.beta(4, 1, len(rows)),
            generosity=GENEROSITY * rng.normal(size=len(rows)),
        )

    def draws(self, user: int, columns: Ints, at: float) -> Floats:
        row = int(self._rows[user])
        own = slice(*self._starts[row : row + 2])
        later = np.isin(columns, self._taken_up[own][self._times[own] > at])
        return self._standard(row, columns) + LATER * later

    def pleases(self, user: int, columns: Ints) -> Floats:
        mean, spread = self._pleasing
        return (self._appeal(int(self._rows[user]), columns) - mean) / spread

    def _standard(self, row: int, columns: Ints) -> Floats:
        mean, spread = self._moments
        return (self._appeal(row, columns) - mean) / spread

    def _appeal(self, row: int, columns: Ints) -> Floats:
        suits: Floats = self._categories[columns] @ self._likes[[row]].toarray()[0]
        return suits + self._fame[columns] / max(float(self._fame.max()), 1.0)

    @cached_property
    def _moments(self) -> tuple[float, float]:
        return _moments(self._appeal, self._rows, np.arange(len(self.items)))

    @cached_property
    def _pleasing(self) -> tuple[float, float]:
        def drawn(row: int, columns: Ints) -> Floats:
            return np.exp(WILL * self._standard(row, columns))

        return _moments(self._appeal, self._rows, np.arange(len(self.items)), drawn)


def _known_users() -> dict[str, tuple[int, int]]:
    """Return by id outside the row and the second of joining of all who take part."""
    rows = EndUser.objects.filter(opted_out_at=None).order_by().values_list("user_id", "pk", "created_at")
    return {user_id: (pk, int(joined.timestamp())) for user_id, pk, joined in rows}


def _categories(items: Ints) -> csr_array:
    """Return which item (row, by internal id) is of which category, each item's adding up to 1."""
    named = dict(Item.objects.filter(pk__in=items.tolist()).values_list("pk", "categories"))
    columns = {name: number for number, name in enumerate(sorted({one for its in named.values() for one in its}))}
    pairs = [(row, columns[name]) for row, pk in enumerate(items.tolist()) for name in named.get(pk, ())]
    rows, found = np.array(pairs, np.int64).reshape(-1, 2).T
    return _shares(csr_array((np.ones(len(rows)), (rows, found)), shape=(len(items), max(len(columns), 1))))


def _shares(matrix: csr_array) -> csr_array:
    """Return the matrix with rows that add up to 1; empty ones stay empty."""
    totals = np.asarray(matrix.sum(axis=1)).ravel()
    return csr_array(matrix.multiply(1 / np.maximum(totals, 1e-9)[:, None]))


def _moments(
    appeal: Callable[[int, Ints], Floats],
    users: Ints,
    items: Ints,
    drawn: Callable[[int, Ints], Floats] | None = None,
) -> tuple[float, float]:
    """Return mean and spread of what some users, spread over all, think of items: of all, or of what they turn to.

    `drawn` is how likely a user turns to each.
    """
    some = [int(user) for user in users[:: max(len(users) // SAMPLE, 1)]]
    if not some:
        return 0.0, 1.0
    values = np.concatenate([appeal(user, items) for user in some])
    weights = np.concatenate([drawn(user, items) if drawn else np.ones(len(items)) for user in some])
    mean = float(np.average(values, weights=weights))
    return mean, max(float(np.sqrt(np.average((values - mean) ** 2, weights=weights))), 1e-9)
