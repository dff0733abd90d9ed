"""Rank items for a user: by their row of the trained model, or by their latest events folded into it."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.conf import settings

from recommender.cache import Candidates
from recommender.engine import ranking
from recommender.engine.types import UNKNOWN, FloatArray, Mask
from recommender.serving.candidates import new_items, users
from recommender.serving.candidates.context import FOLD_IN, ServingContext
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Chain, Ranked, marked
from recommender.serving.candidates.ratings import FOLDED, NOT_RATED, predict
from recommender.serving.candidates.segments import by_segment, segment_model
from recommender.serving.candidates.stated_preferences import StatedPreferences, by_stated_preferences


def rank(
    context: ServingContext,
    member: LoadedModel,
    person: int,
    allowed: Mask,
    n: int,
    known: UserHistories | None = None,
) -> Ranked | None:
    """Rank the n best of the `allowed` items (n_items of the catalogue,) for a user; everybody's items fill the gaps.

    `known` is what they did, where somebody needs it besides. None where it knows nothing of the user, or of the
    allowed items. Raises DatabaseDown.
    """
    own = rank_by_model(context, member, person, allowed, n, known)
    return fill(context, own, allowed, n) if len(own) else None


def rank_by_model(
    context: ServingContext, member: LoadedModel, person: int, allowed: Mask, n: int, known: UserHistories | None
) -> Ranked:
    """Rank the n best of the `allowed` items of which the model knows something for a user. Raises DatabaseDown."""
    scores, is_folded = score(member, known or UserHistories(np.array([person], np.int64)))
    rows = context.catalogue_rows(member)
    top = ranking.top_n(scores, min(n, len(rows)), allowed=marked(allowed, rows))
    return Ranked.of(top, FOLD_IN if is_folded[0] else member.algorithm).reindex(rows)


def fill(context: ServingContext, own: Ranked, allowed: Mask, n: int) -> Ranked:
    """Fill a short list up to n with the `allowed` items that everybody gets."""
    if len(own) == n:
        return own
    return Chain(own, context.everybody()).head(n, allowed)


def score(member: LoadedModel, known: UserHistories) -> tuple[FloatArray, Mask]:
    """Return scores (m, items of the model), NaN where there is nothing to go by, and who was folded in (m,)."""
    rows = member.model.user_ids.rows(known.user_pks)
    folded = (rows == UNKNOWN) | known.newer_than(member)
    if folded.all():
        return fold_in(member, known), folded
    scores = member.model.score(np.where(folded, UNKNOWN, rows).astype(np.int32))
    if folded.any():
        scores[folded] = fold_in(member, known.take(folded))
    return scores, folded


def fold_in(member: LoadedModel, known: UserHistories) -> FloatArray:
    """Score items (m, items of the model) by folding in the users' latest events. Raises DatabaseDown."""
    model = member.model
    is_segmented = segment_model(model) is not None
    return model.score_histories((known.with_segments if is_segmented else known.over)(model.item_ids))


def candidates(context: ServingContext, member: LoadedModel, known: UserHistories, own: Ranked | None) -> Candidates:
    """Convert a ranking to candidates, the form that is cached: items by internal ids. Raises DatabaseDown."""
    return next(iter(candidates_of_many(context, member, known, [own])))


def candidates_of_many(
    context: ServingContext, member: LoadedModel, known: UserHistories, lists: Sequence[Ranked | None]
) -> Iterator[Candidates]:
    """Build candidates for several users; fall back to stated preferences for users without a ranking.

    Candidates carry the taste that places later items, and the predicted ratings. Raises DatabaseDown.
    """
    user_pks = known.user_pks
    ranked = np.array([own is not None for own in lists])
    silent = user_pks[~ranked].tolist()
    said = users.stated(silent) if silent else {}
    lists = [
        _by_statements(context, *said[person]) if own is None and person in said else own
        for person, own in zip(user_pks.tolist(), lists, strict=True)
    ]
    listed = np.array([own is not None for own in lists], bool)
    folded = np.array([own is not None and FOLDED in own.sources for own in lists], bool)
    own_lists = [own for own in lists if own is not None]
    predicted = predict(context, member.algorithm, known.take(listed), own_lists) if listed.any() else ()
    rated = dict(zip(user_pks[listed].tolist(), predicted, strict=True))
    found = new_items.tastes(context, member, known.take(ranked), folded[ranked]) if ranked.any() else ()
    tastes = dict(zip(user_pks[ranked].tolist(), found, strict=True))
    for person, own in zip(user_pks.tolist(), lists, strict=True):
        if own is None:
            yield Candidates.impersonal(person)
            continue
        rating = rated.get(person, NOT_RATED)
        items = context.catalogue.ids[own.rows]
        taste = tastes.get(person, new_items.NO_TASTE)
        taste = taste if taste.any() else new_items.NO_TASTE
        yield Candidates(person, True, items, own.scores, own.sources, rating.values, rating.deviations, taste)


def _by_statements(context: ServingContext, preferences: Any, demographics: Any) -> Ranked | None:
    """Rank for a user without events: by stated preferences, else by what their segment likes."""
    n = settings.CANDIDATE_COUNT
    return by_stated_preferences(context, StatedPreferences.of(preferences), n) or by_segment(context, demographics, n)
