"""Cut one page of a user's list from the candidates, and rank the whole catalogue where these don't suffice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np

from recommender.engine import ranking
from recommender.engine.types import IntArray
from recommender.serving.candidates import user_ranking
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.fallbacks import followed_by, rank_by_source, without_fillers
from recommender.serving.candidates.new_items import insert_new_items
from recommender.serving.candidates.paging import (
    HEAD,
    Beyond,
    Eligibility,
    can_select_at_once,
    places,
    select_at_once,
    take,
)
from recommender.serving.candidates.rankings import Chain, Ranked
from recommender.serving.candidates.ruled_pages import NO_EFFECTS, Effects, Met, cut_by_rules
from recommender.serving.candidates.user_candidates import UserCandidates
from recsite.platform.database import DatabaseDown

DIVERSIFIED = 100
"""The positions whose order `diversity` may change: the same on every page, so that no page repeats another."""


@dataclass(frozen=True, eq=False, slots=True)
class Page:
    """Hold one page of a list, and the number of items on all pages."""

    ranked: Ranked
    total: int
    met: Met = field(default_factory=dict)
    """By row: which rules met an item, and what each did."""


def user_page(
    context: ServingContext,
    algorithm: str,
    known: UserCandidates,
    eligibility: Eligibility,
    offset: int,
    limit: int,
    diversity: float = 0.0,
    fallbacks: Sequence[str] = (),
    effects: Effects = NO_EFFECTS,
) -> Page:
    """Return the page of `limit` items from `offset` on; with `diversity` the first DIVERSIFIED are reordered.

    `fallbacks` follow where what leads has too little; without them what is popular does.
    """
    cut = partial(_user_page, context, algorithm, known, fallbacks)
    return ruled_page(partial(_diverse_page, context, cut), eligibility, offset, limit, diversity, effects)


def page_of(
    context: ServingContext,
    ranked: Ranked | Chain,
    eligibility: Eligibility,
    offset: int,
    limit: int,
    diversity: float = 0.0,
    effects: Effects = NO_EFFECTS,
) -> Page:
    """Return such a page of a ranking of everything."""
    cut = partial(_diverse_page, context, partial(paginate, ranked))
    return ruled_page(cut, eligibility, offset, limit, diversity, effects)


def ruled_page(
    cut: Callable[[Eligibility, int, int, float], Page],
    eligibility: Eligibility,
    offset: int,
    limit: int,
    diversity: float,
    effects: Effects,
) -> Page:
    """Cut a page, by the rules where there are any. They act on the list as diversity leaves it."""

    def part(eligibility: Eligibility, offset: int, limit: int, diversity: float) -> tuple[Ranked, int]:
        found = cut(eligibility, offset, limit, diversity)
        return found.ranked, found.total

    if not effects:
        return cut(eligibility, offset, limit, diversity)
    return Page(*cut_by_rules(part, eligibility, effects, offset, limit, diversity))


def _diverse_page(
    context: ServingContext,
    cut: Callable[[Eligibility, int, int], Page],
    eligibility: Eligibility,
    offset: int,
    limit: int,
    diversity: float,
) -> Page:
    """Cut a page of a list whose first DIVERSIFIED positions have an order of their own, if diversity is asked for."""
    if not diversity or offset >= DIVERSIFIED:
        return cut(eligibility, offset, limit)
    head = cut(eligibility, 0, max(DIVERSIFIED, offset + limit))
    order = _diversified(context, head.ranked, diversity)
    return Page(head.ranked.take(order[offset : offset + limit]), head.total)


def _user_page(
    context: ServingContext,
    algorithm: str,
    known: UserCandidates,
    fallbacks: Sequence[str],
    eligibility: Eligibility,
    offset: int,
    limit: int,
) -> Page:
    candidates = known.candidates
    if not candidates.is_personal:
        ranked = rank_by_source(context, algorithm, eligibility.window_days, fallbacks)
        return paginate(ranked, eligibility, offset, limit)
    own = Ranked(context.catalogue.rows(candidates.items), candidates.scores, candidates.sources)
    own = insert_new_items(context, own, candidates.taste, algorithm)
    led = without_fillers(own) if fallbacks else own
    found = paginate(led, eligibility, offset, limit)
    if _suffices(led, eligibility, found, offset, limit):
        return found
    is_filtered = eligibility.matching.mask is not context.catalogue.available
    if eligibility.cap and eligibility.min_score is None and (len(found.ranked) == limit or not is_filtered):
        # Of some hundred candidates a cap leaves enough: what comes further down is not worth scoring the catalogue.
        return paginate(Chain(led, followed_by(context, fallbacks)), eligibility, offset, limit)
    if eligibility.beyond is Beyond.EVERYBODY:
        return paginate(Chain(led, followed_by(context, fallbacks)), eligibility, offset, limit)
    if eligibility.beyond is Beyond.NOTHING and not eligibility.needs_full_scan:
        return found
    reach = len(context.catalogue)
    if not (eligibility.needs_full_scan or context.catalogue.has_groups):
        # All of them are eligible: no variant and no score stops one.
        reach = min(reach, offset + limit + len(eligibility.new))
    everything = _by_model(context, algorithm, known, led, eligibility, reach)
    return paginate(Chain(everything, followed_by(context, fallbacks)), eligibility, offset, limit)


def _diversified(context: ServingContext, ranked: Ranked, diversity: float) -> IntArray:
    """Return the order of the items: the first DIVERSIFIED by relevance and diversity, the rest as they are."""
    head = min(len(ranked), DIVERSIFIED)
    similarity = context.catalogue.similarity(ranked.rows[:head])
    relevance = np.linspace(1, 0, head, endpoint=False, dtype=np.float32)
    return np.concatenate([ranking.diversify(relevance, similarity, diversity), np.arange(head, len(ranked))])


def paginate(ranked: Ranked | Chain, eligibility: Eligibility, offset: int, limit: int) -> Page:
    """Cut the page of `limit` eligible items from `offset` on out of a ranking."""
    if isinstance(ranked, Ranked) and offset + limit > HEAD and can_select_at_once(ranked, eligibility):
        at = select_at_once(ranked, eligibility)[offset : offset + limit]
        return Page(ranked.take(at), eligibility.total())
    found = places(ranked, eligibility)
    if eligibility.needs_full_scan:
        every = list(found)
        total, chosen = len(every), every[offset : offset + limit]
    else:
        total, chosen = eligibility.total(), list(islice(found, offset, offset + limit))
    return Page(take(ranked, eligibility.new, chosen), total)


def _suffices(own: Ranked, eligibility: Eligibility, cut: Page, offset: int, limit: int) -> bool:
    """Tell if the rest of the catalogue can't change this page."""
    if eligibility.cap:
        return False
    if eligibility.min_score is None:
        return len(cut.ranked) == max(min(offset + limit, cut.total) - offset, 0)
    return len(own) > 0 and (own.sources[-1] not in eligibility.scored_by or own.scores[-1] < eligibility.min_score)


def _by_model(
    context: ServingContext, algorithm: str, known: UserCandidates, own: Ranked, eligibility: Eligibility, n: int
) -> Ranked:
    """Rank the n best of what is eligible, and of what the model knows; without the database, the candidates alone."""
    member, person = context.release.sources[algorithm], known.candidates.person
    try:
        ranked = user_ranking.rank_by_model(context, member, person, eligibility.allowed, n, known.histories)
    except DatabaseDown:
        return own
    return insert_new_items(context, ranked, known.candidates.taste, algorithm) if len(ranked) else own
