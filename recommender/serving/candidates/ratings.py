"""Predict how a user would rate the recommended items, and with what uncertainty."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

import numpy as np

from recommender import cache
from recommender.cache import SOURCES, Candidates
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, RatingModel
from recommender.serving.candidates.context import FOLD_IN, ServingContext
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Ranked

NAN = np.float32(np.nan)
SILENT = float("nan"), float("nan")
HEAD = 3
"""Items of a list, for each of a page's, among which the page's are looked for first."""
FOLDED = SOURCES.index(FOLD_IN)
RATED_AHEAD = 100
"""Items of a list whose ratings are stored with it: 800 bytes of Redis a user. Further down they are predicted anew."""


@dataclass(frozen=True, eq=False, slots=True)
class RatingPredictions:
    """Hold predicted ratings (n,) and their standard deviations; NaN where no model can say."""

    values: FloatArray
    deviations: FloatArray

    @classmethod
    def nothing(cls, n: int) -> Self:
        return cls(np.full(n, NAN), np.full(n, NAN))

    @classmethod
    def joined(cls, parts: "Sequence[RatingPredictions]") -> "RatingPredictions":
        """Return those of the parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(np.concatenate([one.values for one in parts]), np.concatenate([one.deviations for one in parts]))


NOBODY = np.array([UNKNOWN], np.int32)
NOT_RATED = RatingPredictions.nothing(0)


def ratings_of_many(
    context: ServingContext, pages: Sequence[tuple[str, Candidates, Ranked]]
) -> list[RatingPredictions]:
    """Return the ratings of pages of lists, given for each what leads it, whose it is and what is on it.

    Those cached with the candidates, else by the users' rows of the models, which are asked once for all.
    """
    if all(candidates.person == cache.NOBODY and not len(candidates.ratings) for _, candidates, _ in pages):
        # Nobody's own: no model has a row for them.
        return [RatingPredictions.nothing(len(ranked)) for _, _, ranked in pages]
    found = dict.fromkeys(range(len(pages)), NOT_RATED)
    for algorithm in {algorithm for algorithm, _, _ in pages}:
        numbers = [number for number, page in enumerate(pages) if page[0] == algorithm]
        found.update(zip(numbers, _ratings(context, algorithm, [pages[number] for number in numbers]), strict=True))
    return list(found.values())


def _ratings(
    context: ServingContext, algorithm: str, pages: Sequence[tuple[str, Candidates, Ranked]]
) -> Iterator[RatingPredictions]:
    lengths = [len(ranked) for _, _, ranked in pages]
    items = context.catalogue.ids[Ranked.joined([ranked for _, _, ranked in pages]).rows]
    spans = [slice(end - length, end) for end, length in zip(accumulate(lengths), lengths, strict=True)]
    stored = [_kept(candidates, items[span]) for (_, candidates, _), span in zip(pages, spans, strict=True)]
    rated = RatingPredictions.joined(stored)
    persons = [candidates.person for _, candidates, _ in pages]
    for _, model in rating_models(context, algorithm):
        silent = np.flatnonzero(np.isnan(rated.values))
        if not len(silent):
            break
        cols = model.item_ids.rows(items[silent])
        rows = np.repeat(model.user_ids.rows(np.array(persons)), lengths)[silent] if (cols != UNKNOWN).any() else NOBODY
        known = np.flatnonzero(rows != UNKNOWN)
        if len(known):
            values, deviations = model.predict(rows[known], cols[known])
            rated.values[silent[known]], rated.deviations[silent[known]] = values, deviations
    return (RatingPredictions(rated.values[span], rated.deviations[span]) for span in spans)


def rating_models(context: ServingContext, algorithm: str) -> Sequence[tuple[LoadedModel, RatingModel]]:
    """Return the models that predict ratings in the order in which they are asked: each says what those before can't.

    A model that leads a list comes first, so that its scores never stand beside another model's ratings.
    """
    known = context.release.rating_models
    if not known or algorithm == known[0][0].algorithm:
        return known
    return sorted(known, key=lambda one: one[0].algorithm != algorithm)


def predict(
    context: ServingContext, algorithm: str, known: UserHistories, lists: Sequence[Ranked]
) -> Iterator[RatingPredictions]:
    """Predict the ratings of users' lists, to be stored with them: where they are served, an answer only reads them.

    Of a user who was folded in, of the whole list, since no row of a model gives them again; of others, of the first
    RATED_AHEAD items, which the first pages need. The first model that predicts ratings is asked alone: others, which
    fill gaps, would make every list depend on them. Raises DatabaseDown.
    """
    folded = np.array([FOLDED in ranked.sources for ranked in lists], bool)
    raters = rating_models(context, algorithm)[:1]
    if not raters:
        yield from (NOT_RATED for _ in lists)
        return
    model = raters[0][1]
    histories = known.take(folded).over(model.item_ids) if folded.any() else None
    at = 0
    for is_folded, ranked, row in zip(folded.tolist(), lists, model.user_ids.rows(known.user_pks), strict=True):
        if is_folded:
            assert histories is not None
            cols = model.item_ids.rows(context.catalogue.ids[ranked.rows])
            one = histories[at : at + 1] if folded.sum() > 1 else histories
            yield RatingPredictions(*model.predict_history(one, cols))
            at += 1
        elif row == UNKNOWN:
            yield NOT_RATED
        else:
            head = context.catalogue.ids[ranked.rows[:RATED_AHEAD]]
            yield RatingPredictions(*model.predict(np.repeat(row, len(head)), model.item_ids.rows(head)))


def _kept(candidates: Candidates, items: IntArray) -> RatingPredictions:
    """Return the ratings of the items (n,) that were stored with the candidates.

    In plain Python: for the ten items of a page a dozen calls of NumPy would take longer. Nearly all stand in the head.
    """
    wanted = items.tolist()
    places = _places(candidates, HEAD * len(wanted))
    if not places.keys() >= {*wanted}:
        places = _places(candidates, len(candidates.ratings))
    found = [places.get(item, SILENT) for item in wanted]
    return RatingPredictions(*np.array(found, np.float32).reshape(-1, 2).T)


def _places(candidates: Candidates, head: int) -> dict[int, tuple[float, float]]:
    """Return the stored ratings of the first items, and their deviations."""
    ratings, deviations = candidates.ratings[:head].tolist(), candidates.deviations[:head].tolist()
    return dict(zip(candidates.items[:head].tolist(), zip(ratings, deviations, strict=True), strict=False))
