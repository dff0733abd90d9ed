"""A world whose truth is known: users who look by position and click by relevance, and lists drawn at random."""

from dataclasses import dataclass

import numpy as np

from recommender.engine.estimates.logs import Floats, Logs
from recommender.engine.estimates.plackett_luce import draw, position_propensities
from recommender.engine.types import IntArray, RowArray

LOOK = np.array([1.0, 0.7, 0.5, 0.35, 0.25])
LENGTH, CANDIDATES = len(LOOK), 12


@dataclass(frozen=True, eq=False)
class World:
    """Hold kinds of users: how relevant the items are to them, and how the live model scores these."""

    relevance: Floats
    """(kinds, CANDIDATES)."""
    scores: Floats
    propensities: Floats
    """(kinds, CANDIDATES, LENGTH)."""
    temperature: float

    @classmethod
    def of(cls, rng: np.random.Generator, temperature: float = 1.0, kinds: int = 10) -> "World":
        relevance = rng.beta(2, 6, (kinds, CANDIDATES))
        scores = 4 * relevance + rng.normal(size=relevance.shape)
        columns = np.tile(np.arange(CANDIDATES), (kinds, 1))
        return cls(relevance, scores, position_propensities(scores, temperature, LENGTH, columns), temperature)

    @property
    def best(self) -> IntArray:
        """Return the lists (kinds, LENGTH) of a candidate that knows the truth."""
        return np.argsort(-self.relevance, axis=1)[:, :LENGTH]

    @property
    def live(self) -> IntArray:
        """Return the lists of the live model, without chance."""
        return np.argsort(-self.scores, axis=1)[:, :LENGTH]

    def truth(self, lists: IntArray) -> float:
        """Return the clicks per list of these lists (kinds, LENGTH); all kinds are equally frequent."""
        return float((np.take_along_axis(self.relevance, lists, axis=1) @ LOOK).mean())

    def logs(self, rng: np.random.Generator, users: int, lists_per_user: int = 2) -> tuple[Logs, IntArray]:
        """Return randomised lists, and the kind of user of each; every kind has items of its own."""
        user = np.repeat(np.arange(users), lists_per_user)
        kind = user % len(self.relevance)
        columns = draw(self.scores[kind], self.temperature, LENGTH, rng).columns
        clicks = rng.random(columns.shape) < LOOK * self.relevance[kind[:, None], columns]
        logs = Logs(self.items(kind, columns), clicks, self.propensities[kind[:, None], columns], user)
        return logs, kind

    def items(self, kind: IntArray, columns: IntArray) -> RowArray:
        """Return the item rows of candidates (m, n) of kinds (m,)."""
        return (kind[:, None] * CANDIDATES + columns).astype(np.int32)

    def target(self, lists: IntArray, kind: IntArray) -> RowArray:
        """Return lists by kind (kinds, n) as the item rows that each logged request would have got (m, n)."""
        return self.items(kind, lists[kind])
