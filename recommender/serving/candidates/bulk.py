"""The lists of many people at once: the same as one by one, some hundred times as fast."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array

from recommender.cache import Candidates
from recommender.engine import ranking
from recommender.engine.ranking import Top
from recommender.engine.types import UNKNOWN, IntArray
from recommender.serving.candidates import people, personal
from recommender.serving.candidates.loaded import Member
from recommender.serving.candidates.paging import Wanted
from recommender.serving.candidates.view import FOLD_IN, Ranked, View

FOLDED_AT_ONCE = 256

Seen = Mapping[int, Sequence[int]]
"""What people have seen: internal item ids by internal id; who has seen nothing may be missing."""


def rank_many(view: View, member: Member, persons: IntArray, seen: Seen, n: int) -> Iterator[Candidates]:
    """The n best of everybody, in no particular order. Raises DatabaseDown."""
    rows = member.model.user_ids.rows(persons)
    folded = (rows == UNKNOWN) | np.isin(persons, people.with_news(persons, member))
    done = _matrix(member, persons, seen)
    allowed, who = view.allowed_in(member), np.flatnonzero(~folded)
    at = 0
    for block, items, scores in ranking.score_blocks(member.model, rows[who], n, done[who], allowed):
        yield from _each(view, member, persons[who[at : at + len(block)]], (items, scores), seen, member.algorithm)
        at += len(block)
    who = np.flatnonzero(folded)
    for start in range(0, len(who), FOLDED_AT_ONCE):
        part = who[start : start + FOLDED_AT_ONCE]
        top = ranking.top_n(personal.fold_in(member, persons[part]), n, done[part], allowed)
        yield from _each(view, member, persons[part], top, seen, FOLD_IN)


def _each(view: View, member: Member, persons: IntArray, top: Top, seen: Seen, source: str) -> Iterator[Candidates]:
    """The candidates of people from the lists of a block, items by the model's rows, (len(persons), n) both."""
    places, (items, scores) = view.places(member), top
    n, lists = items.shape[1], list[Ranked | None]()
    for number, person in enumerate(persons.tolist()):
        own = Ranked.of((items[number : number + 1], scores[number : number + 1]), source).moved(places)
        if 0 < len(own) < n:
            own = personal.fill(view, own, Wanted.unseen(view.catalogue, view.rows(seen.get(person, ()))).allowed, n)
        lists.append(own if len(own) else None)
    yield from personal.candidates_of_many(view, member, persons, lists)


def _matrix(member: Member, persons: IntArray, seen: Seen) -> csr_array:
    """What each of the persons has seen, as a pattern (len(persons), items of the model)."""
    lists = [seen.get(person, ()) for person in persons.tolist()]
    lengths = np.array([len(items) for items in lists])
    cols = member.model.item_ids.rows(np.array([item for items in lists for item in items], np.int64))
    rows = np.repeat(np.arange(len(lists)), lengths)[cols != UNKNOWN]
    pattern = (np.ones(len(rows), np.float32), (rows, cols[cols != UNKNOWN]))
    return csr_array(pattern, shape=(len(lists), len(member.model.item_ids)))
