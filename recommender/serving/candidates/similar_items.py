"""Rank the items similar to one item."""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from django.conf import settings

from recommender.cache import SOURCES
from recommender.engine import ranking
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.types import UNKNOWN, Model, Recommendation
from recommender.serving.candidates.by_model import rank_by_model
from recommender.serving.candidates.context import CONTENT, ServingContext, current_context
from recommender.serving.candidates.fallbacks import followed_by
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.paging import Eligibility, places
from recommender.serving.candidates.rankings import NO_ITEMS, Chain, Ranked, marked
from recommender.serving.candidates.vectors import by_content, content_model
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
    return [_recommendation(context, *ranked.item(at)) for _, at in islice(places(ranked, eligibility), n)]


def rank_similar(
    context: ServingContext,
    row: int,
    method: str = HYBRID,
    leader: LoadedModel | None = None,
    fallbacks: Sequence[str] = (),
) -> Chain:
    """Rank everything by similarity to the item at `row` of the catalogue.

    By `leader` (default: the release's leading model) and, where it can't say, by content; or by one of METHODS alone.
    Then by the fallbacks; without them what is popular among the item's categories follows.
    """
    own: Ranked | Chain | None = None if method == CONTENT else _by_leader(context, row, method, leader)
    if own is None:
        own = _by_content(context, row) if method != COLLABORATIVE else NO_ITEMS
    if fallbacks:
        return Chain(own, followed_by(context, fallbacks))
    everybody = context.everybody()
    if categories := context.catalogue.categories[row]:
        return Chain(own, everybody.within(context.catalogue.filtered(categories=categories).mask), everybody)
    return Chain(own, everybody)


def _by_leader(context: ServingContext, row: int, method: str, leader: LoadedModel | None) -> Chain | None:
    """Rank by the leading model; None where there is none, or where it doesn't know the item."""
    member = leader or context.release.leader
    if member is None:
        return None
    model: Model = member.model
    if method == COLLABORATIVE and isinstance(model, HybridModel):
        model = model.without(CONTENT)
    item = context.catalogue.ids[row : row + 1]
    return rank_by_model(
        context,
        member,
        lambda: model.similar(model.item_ids.rows(item)),
        member.algorithm,
        kept_as=("similar", method, int(item[0])),
    )


def _by_content(context: ServingContext, row: int) -> Ranked:
    n = min(len(context.catalogue), NEIGHBOURS)
    if not context.is_live:
        return _by_content_of_model(context, row, n)
    try:
        return by_content(context, row, n)
    except DatabaseDown:
        return NO_ITEMS


def _by_content_of_model(context: ServingContext, row: int, n: int) -> Ranked:
    """Rank by the content model itself: the database keeps vectors of the live release's alone."""
    found = content_model(context.release)
    if found is None:
        return NO_ITEMS
    model, rows = found[1], context.rows(found[1].item_ids.ids.tolist())
    scores = model.similar(model.item_ids.rows(context.catalogue.ids[row : row + 1]))
    allowed = marked(context.catalogue.available, rows)
    near = Ranked.of(ranking.top_n(scores, min(n, len(rows)), allowed=allowed), CONTENT).reindex(rows)
    return near.take(near.scores >= settings.SIMILARITY_THRESHOLD) if settings.SIMILARITY_THRESHOLD else near


def _recommendation(context: ServingContext, row: int, score: float, source: int) -> Recommendation:
    return Recommendation(int(context.catalogue.ids[row]), float(score), SOURCES[source])
