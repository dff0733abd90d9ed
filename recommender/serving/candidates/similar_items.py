"""Rank the items similar to one item."""

from itertools import islice

import numpy as np

from recommender.cache import SOURCES
from recommender.engine import ranking
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.types import UNKNOWN, Model, Recommendation
from recommender.serving.candidates.context import CONTENT, NO_ITEMS, Ranked, ServingContext, current_context
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.paging import Eligibility, places
from recommender.serving.candidates.vectors import by_content
from recsite.platform.database import DatabaseDown

HYBRID, COLLABORATIVE = "hybrid", "collaborative"
METHODS = (HYBRID, COLLABORATIVE, CONTENT)
NEIGHBOURS = 200


def similar(item: int, n: int) -> list[Recommendation]:
    """Return the n available items most similar to one (internal ids), filled up with popular items.

    Popular items of its categories come first. Variants of the item itself are left out. Empty where the catalogue
    doesn't hold the item. Raises DatabaseDown where the catalogue was never read and can't be now.
    """
    context = current_context()
    row = int(context.catalogue.rows(np.array([item]))[0])
    if row == UNKNOWN:
        return []
    eligibility = Eligibility.unseen(context.catalogue, np.array([row]))
    ranked = rank_similar(context, row)
    return [_recommendation(context, ranked, at) for _, at in islice(places(ranked, eligibility), n)]


def rank_similar(context: ServingContext, row: int, method: str = HYBRID, leader: LoadedModel | None = None) -> Ranked:
    """Rank everything that is available by similarity to the item at `row` of the catalogue.

    By `leader` (default: the release's leading model) and, where it can't say, by content; or by one of METHODS alone.
    """
    catalogue, everything = context.catalogue, len(context.catalogue)
    everybody = context.everybody()
    same_categories = everybody.take(catalogue.matching(categories=catalogue.categories[row])[everybody.rows])
    own = NO_ITEMS if method == CONTENT else _by_leader(context, row, method, leader)
    if not len(own) and method != COLLABORATIVE:
        own = _by_content(context, row)
    return own.extend_to(everything, same_categories).extend_to(everything, everybody)


def _by_leader(context: ServingContext, row: int, method: str, leader: LoadedModel | None) -> Ranked:
    """Rank by the leading model; empty where there is none, or where it doesn't know the item."""
    member = leader or context.release.leader
    if member is None:
        return NO_ITEMS
    model: Model = member.model
    if method == COLLABORATIVE and isinstance(model, HybridModel):
        model = model.without(CONTENT)
    similarity = context.to_catalogue(member, model.similar(model.item_ids.rows(context.catalogue.ids[row : row + 1])))
    return Ranked.of(
        ranking.top_n(similarity, len(context.catalogue), allowed=context.catalogue.available), member.algorithm
    )


def _by_content(context: ServingContext, row: int) -> Ranked:
    try:
        return by_content(context, row, min(len(context.catalogue), NEIGHBOURS))
    except DatabaseDown:
        return NO_ITEMS


def _recommendation(context: ServingContext, ranked: Ranked, place: int) -> Recommendation:
    item, source = int(context.catalogue.ids[ranked.rows[place]]), SOURCES[ranked.sources[place]]
    return Recommendation(item, float(ranked.scores[place]), source)
