"""One page of a person's list: her candidates under the request's filters, and the rest where those don't suffice."""

from dataclasses import dataclass

import numpy as np

from recommender.engine import ranking
from recommender.engine.types import IntArray
from recommender.serving.candidates import personal
from recommender.serving.candidates.known import Known
from recommender.serving.candidates.newcomers import entered
from recommender.serving.candidates.paging import Wanted, mixed, places
from recommender.serving.candidates.trending import trending
from recommender.serving.candidates.view import TRENDING, Ranked, View
from recommender.serving.incremental.trends import DAYS
from recsite.platform.database import DatabaseDown

DIVERSIFIED = 100
"""Places whose order `diversity` may change: the same on every page, so that no page repeats another."""


@dataclass(frozen=True, eq=False, slots=True)
class Page:
    """Some places of a person's list, and how many there would be on all pages."""

    ranked: Ranked
    total: int


def page(
    view: View, algorithm: str, known: Known, wanted: Wanted, offset: int, limit: int, diversity: float = 0.0
) -> Page:
    """The places from `offset` on, `limit` at most. The first DIVERSIFIED are put into an order of their own."""
    if diversity and offset < DIVERSIFIED:
        head = page(view, algorithm, known, wanted, 0, max(DIVERSIFIED, offset + limit))
        order = _diversified(view, head.ranked, diversity)
        return Page(head.ranked.only(order[offset : offset + limit]), head.total)
    candidates = known.candidates
    if not candidates.is_personal:
        everybody = trending(view, wanted.window_days or DAYS) if algorithm == TRENDING else view.everybody(algorithm)
        return cut(everybody, wanted, offset, limit)
    own = Ranked(view.catalogue.rows(candidates.items), candidates.scores, candidates.sources)
    own = entered(view, own, candidates.taste, algorithm)
    found = cut(own, wanted, offset, limit)
    if _suffices(own, wanted, found, offset, limit):
        return found
    return cut(_everything(view, algorithm, known, own, wanted), wanted, offset, limit)


def _diversified(view: View, ranked: Ranked, diversity: float) -> IntArray:
    """The order of some places: of the first DIVERSIFIED by relevance and unlikeness, the rest as they are."""
    head = min(len(ranked), DIVERSIFIED)
    likeness = view.catalogue.likeness(ranked.rows[:head])
    relevance = np.linspace(1, 0, head, endpoint=False, dtype=np.float32)
    return np.concatenate([ranking.diversify(relevance, likeness, diversity), np.arange(head, len(ranked))])


def cut(ranked: Ranked, wanted: Wanted, offset: int, limit: int) -> Page:
    """The places from `offset` on of what is wanted of a ranking, `limit` at most."""
    if len(wanted.new):
        ranked = mixed(ranked, wanted)
    if not wanted.is_counted_by_looking:
        total = wanted.total()
        found = places(ranked, wanted, min(offset + limit, total))
    else:
        found = places(ranked, wanted, len(ranked))
        total = len(found)
    return Page(ranked.only(np.array(found[offset : offset + limit], np.intp)), total)


def _suffices(own: Ranked, wanted: Wanted, cut: Page, offset: int, limit: int) -> bool:
    """Whether the rest of the catalogue would change nothing."""
    if wanted.cap:
        return False
    if wanted.min_score is None:
        return len(cut.ranked) == max(min(offset + limit, cut.total) - offset, 0)
    return len(own) > 0 and (own.sources[-1] not in wanted.scored_by or own.scores[-1] < wanted.min_score)


def _everything(view: View, algorithm: str, known: Known, own: Ranked, wanted: Wanted) -> Ranked:
    """All that is wanted, ranked; without the database, her candidates and then what everybody gets."""
    n = len(view.catalogue)
    try:
        everything = personal.rank(view, view.release.members[algorithm], known.candidates.person, wanted.allowed, n)
    except DatabaseDown:
        everything = None
    if everything is not None:
        return entered(view, everything, known.candidates.taste, algorithm)
    return personal.fill(view, own, wanted.allowed, n)
