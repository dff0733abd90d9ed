"""Predict how a user would rate the recommended items, and with what uncertainty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.cache import Candidates
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, RatingModel
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Ranked

NAN = np.float32(np.nan)


@dataclass(frozen=True, eq=False, slots=True)
class RatingPredictions:
    """Hold predicted ratings (n,) and their standard deviations; NaN where no model can say."""

    values: FloatArray
    deviations: FloatArray

    @classmethod
    def nothing(cls, n: int) -> Self:
        return cls(np.full(n, NAN), np.full(n, NAN))

    def fill_from(self, values: FloatArray, deviations: FloatArray) -> "RatingPredictions":
        """Fill in what is missing here."""
        silent = np.isnan(self.values)
        return RatingPredictions(np.where(silent, values, self.values), np.where(silent, deviations, self.deviations))


def ratings(context: ServingContext, algorithm: str, candidates: Candidates, ranked: Ranked) -> RatingPredictions:
    """Return the ratings of a page of a list that `algorithm` leads.

    Those cached with the candidates, else by the user's rows of the models.
    """
    items = context.catalogue.ids[ranked.rows]
    rated = _kept(candidates, items) if len(candidates.ratings) else None
    for member, model in rating_models(context, algorithm):
        if rated is not None and not np.isnan(rated.values).any():
            break
        row = member.model.user_ids.rows(np.array([candidates.person]))
        if row[0] != UNKNOWN:
            predicted = model.predict(np.repeat(row, len(items)), model.item_ids.rows(items))
            rated = rated.fill_from(*predicted) if rated is not None else RatingPredictions(*predicted)
    return rated or RatingPredictions.nothing(len(items))


def rating_models(context: ServingContext, algorithm: str) -> Sequence[tuple[LoadedModel, RatingModel]]:
    """Return the models that predict ratings in the order in which they are asked: each says what those before can't.

    A model that leads a list comes first, so that its scores never stand beside another model's ratings.
    """
    known = context.release.rating_models
    if not known or algorithm == known[0][0].algorithm:
        return known
    return sorted(known, key=lambda one: one[0].algorithm != algorithm)


def predict_folded_in(
    context: ServingContext, algorithm: str, known: UserHistories, lists: Sequence[Ranked]
) -> Iterator[RatingPredictions]:
    """Predict the ratings of whole lists of users who were folded in, from their latest events. Raises DatabaseDown.

    The first model that predicts ratings is asked alone: these are stored with the list, and others, which fill gaps,
    would make every list depend on them.
    """
    found = [RatingPredictions.nothing(len(ranked)) for ranked in lists]
    for _, model in rating_models(context, algorithm)[:1]:
        histories = known.over(model.item_ids)
        for row, ranked in enumerate(lists):
            cols = model.item_ids.rows(context.catalogue.ids[ranked.rows])
            found[row] = found[row].fill_from(
                *model.predict_history(histories[row : row + 1] if len(lists) > 1 else histories, cols)
            )
    yield from found


def _kept(candidates: Candidates, items: IntArray) -> RatingPredictions:
    order = np.argsort(candidates.items)
    positions = order[np.minimum(np.searchsorted(candidates.items, items, sorter=order), len(order) - 1)]
    known = candidates.items[positions] == items
    return RatingPredictions(
        np.where(known, candidates.ratings[positions], NAN), np.where(known, candidates.deviations[positions], NAN)
    )
