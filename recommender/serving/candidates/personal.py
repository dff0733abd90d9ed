"""A person's own ranking: her row of the trained model, or her latest events folded into it."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.conf import settings

from recommender import dataset
from recommender.cache import SOURCES, Candidates
from recommender.engine import feedback, ranking
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask
from recommender.serving.candidates import newcomers, people
from recommender.serving.candidates.loaded import Member
from recommender.serving.candidates.ratings import Rated, of_newcomers
from recommender.serving.candidates.segments import by_segment, segment_model
from recommender.serving.candidates.view import FOLD_IN, Ranked, View
from recommender.serving.candidates.wishes import Wishes, by_wishes
from recsite.platform import database

FOLDED = SOURCES.index(FOLD_IN)
NOT_RATED = Rated.nothing(0)


def rank(view: View, member: Member, person: int, allowed: Mask, n: int) -> Ranked | None:
    """The n best of the `allowed` items (n_items of the catalogue,) for a person, filled up where the member can't say.

    None where it knows nothing of her, or of what is allowed. Raises DatabaseDown.
    """
    scores, is_folded = score(member, np.array([person], np.int64))
    top = ranking.top_n(view.laid_out(member, scores), n, allowed=allowed)
    own = Ranked.of(top, FOLD_IN if is_folded[0] else member.algorithm)
    return fill(view, own, allowed, n) if len(own) else None


def fill(view: View, own: Ranked, allowed: Mask, n: int) -> Ranked:
    """A short list, filled up to n with what everybody gets of the `allowed` items."""
    if len(own) == n:
        return own
    everybody = view.everybody()
    return own.filled_up(n, everybody.only(allowed[everybody.rows]))


def score(member: Member, persons: IntArray) -> tuple[FloatArray, Mask]:
    """Scores (m, items of the model) of people, NaN where there is nothing to go by, and who was folded in (m,)."""
    rows = member.model.user_ids.rows(persons)
    folded = (rows == UNKNOWN) | np.isin(persons, people.with_news(persons, member))
    scores = member.model.score(np.where(folded, UNKNOWN, rows).astype(np.int32))
    if folded.any():
        scores[folded] = fold_in(member, persons[folded])
    return scores, folded


def fold_in(member: Member, persons: IntArray) -> FloatArray:
    """Scores (m, items of the model) from people's latest events."""
    segmented = segment_model(member.model) is not None
    events = database.ask(lambda: dataset.history(persons.tolist(), member.model.item_ids, with_segments=segmented))
    histories = feedback.histories(events, member.model.item_ids)
    return member.model.score_histories(histories)[events.user_ids.rows(persons)]


def candidates(view: View, member: Member, person: int, own: Ranked | None) -> Candidates:
    """The form in which a ranking is stored: items by their internal ids. Raises DatabaseDown."""
    return next(iter(candidates_of_many(view, member, np.array([person]), [own])))


def candidates_of_many(
    view: View, member: Member, persons: IntArray, lists: Sequence[Ranked | None]
) -> Iterator[Candidates]:
    """The same of several people; of whom no list says anything, by what they say of themselves.

    With what later items are worth to them; and of those who were folded in with the ratings: no row gives them again.
    """
    ranked = np.array([own is not None for own in lists])
    silent = persons[~ranked].tolist()
    said = people.said(silent) if silent else {}
    lists = [
        _by_what_is_said(view, *said[person]) if own is None and person in said else own
        for person, own in zip(persons.tolist(), lists, strict=True)
    ]
    folded = [number for number, own in enumerate(lists) if own is not None and FOLDED in own.sources]
    own_lists = [own for own in lists if own is not None and FOLDED in own.sources]
    rated = dict(zip(folded, of_newcomers(view, persons[folded], own_lists) if folded else (), strict=True))
    is_folded = np.isin(np.arange(len(persons)), folded)[ranked]
    tastes = dict(
        zip(persons[ranked].tolist(), newcomers.tastes(view, member, persons[ranked], is_folded), strict=True)
    )
    for number, (person, own) in enumerate(zip(persons.tolist(), lists, strict=True)):
        if own is None:
            yield Candidates.impersonal(person)
            continue
        rating = rated.get(number, NOT_RATED)
        items = view.catalogue.ids[own.rows]
        taste = tastes.get(person, newcomers.NO_TASTE)
        taste = taste if taste.any() else newcomers.NO_TASTE
        yield Candidates(person, True, items, own.scores, own.sources, rating.values, rating.deviations, taste)


def _by_what_is_said(view: View, preferences: Any, demographics: Any) -> Ranked | None:
    """For somebody who has done nothing yet: by her wishes, else by what people of her kind turn to."""
    n = settings.CANDIDATE_COUNT
    return by_wishes(view, Wishes.of(preferences), n) or by_segment(view, demographics, n)
