"""How somebody would rate what is recommended to her, and within what interval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from recommender import dataset
from recommender.cache import Candidates
from recommender.engine import feedback
from recommender.engine.types import UNKNOWN, FloatArray, IntArray
from recommender.serving.candidates.view import Ranked, View
from recsite.platform import database

NAN = np.float32(np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class Rated:
    """Predicted ratings (n,) and their standard deviations; NaN where no model can say."""

    values: FloatArray
    deviations: FloatArray

    @classmethod
    def nothing(cls, n: int) -> Self:
        return cls(np.full(n, NAN), np.full(n, NAN))

    def filled_up(self, values: FloatArray, deviations: FloatArray) -> "Rated":
        """What is said here, and the other's word where nothing is."""
        silent = np.isnan(self.values)
        return Rated(np.where(silent, values, self.values), np.where(silent, deviations, self.deviations))


def ratings(view: View, candidates: Candidates, ranked: Ranked) -> Rated:
    """Of some places of a person's list: what was kept with her candidates, else by her rows of the models."""
    items = view.catalogue.ids[ranked.rows]
    rated = _kept(candidates, items)
    for member, model in view.release.rating_models:
        if not np.isnan(rated.values).any():
            break
        row = member.model.user_ids.rows(np.array([candidates.person]))
        if row[0] != UNKNOWN:
            rated = rated.filled_up(*model.predict(np.repeat(row, len(items)), model.item_ids.rows(items)))
    return rated


def of_newcomers(view: View, persons: IntArray, lists: Sequence[Ranked]) -> Iterator[Rated]:
    """Of the whole lists of people who were folded in, from their latest events. Raises DatabaseDown."""
    found = [Rated.nothing(len(ranked)) for ranked in lists]
    for member, model in view.release.rating_models:
        events = database.ask(partial(dataset.history, persons.tolist(), member.model.item_ids))
        histories = feedback.histories(events, model.item_ids)
        for number, row in enumerate(events.user_ids.rows(persons).tolist()):
            cols = model.item_ids.rows(view.catalogue.ids[lists[number].rows])
            found[number] = found[number].filled_up(*model.predict_history(histories[row : row + 1], cols))
    yield from found


def _kept(candidates: Candidates, items: IntArray) -> Rated:
    if not len(candidates.ratings):
        return Rated.nothing(len(items))
    order = np.argsort(candidates.items)
    places = order[np.minimum(np.searchsorted(candidates.items, items, sorter=order), len(order) - 1)]
    known = candidates.items[places] == items
    return Rated(np.where(known, candidates.ratings[places], NAN), np.where(known, candidates.deviations[places], NAN))
