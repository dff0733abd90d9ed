"""What is like an item."""

from collections.abc import Sequence

import numpy as np

from recommender.cache import SOURCES
from recommender.engine import ranking
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.types import UNKNOWN, Model, Recommendation
from recommender.serving.candidates.paging import Wanted, places
from recommender.serving.candidates.vectors import by_content
from recommender.serving.candidates.view import CONTENT, NO_ITEMS, Ranked, View, current_view
from recsite.platform.database import DatabaseDown

HYBRID, COLLABORATIVE = "hybrid", "collaborative"
METHODS = (HYBRID, COLLABORATIVE, CONTENT)
NEIGHBOURS = 200


def similar(item: int, n: int) -> list[Recommendation]:
    """The n available items (internal ids) most like one, by their factors; filled up with what is popular.

    First with what is popular in its categories. A variant of the item itself is not among them. Empty where the
    catalogue doesn't hold the item. Raises DatabaseDown where it was never read and can't be now.
    """
    view = current_view()
    row = int(view.catalogue.rows(np.array([item]))[0])
    if row == UNKNOWN:
        return []
    wanted = Wanted.unseen(view.catalogue, np.array(variants(view, row)))
    ranked = like(view, row)
    return [_recommendation(view, ranked, place) for place in places(ranked, wanted, n)]


def like(view: View, row: int, method: str = HYBRID) -> Ranked:
    """Everything that is available, the items most like the one at `row` of the catalogue first.

    By what the leading model has learned, and where it can't say by what the items are; or by one of METHODS alone.
    """
    catalogue, everything = view.catalogue, len(view.catalogue)
    everybody = view.everybody()
    kindred = everybody.only(catalogue.matching(categories=catalogue.categories[row])[everybody.rows])
    own = NO_ITEMS if method == CONTENT else _by_likeness(view, row, method)
    if not len(own) and method != COLLABORATIVE:
        own = _by_content(view, row)
    return own.filled_up(everything, kindred).filled_up(everything, everybody)


def _by_likeness(view: View, row: int, method: str) -> Ranked:
    """By the leading model; nothing where there is none, or where it doesn't know the item."""
    member = view.release.leader
    if member is None:
        return NO_ITEMS
    model: Model = member.model
    if method == COLLABORATIVE and isinstance(model, HybridModel):
        model = model.without(CONTENT)
    likeness = view.laid_out(member, model.similar(model.item_ids.rows(view.catalogue.ids[row : row + 1])))
    return Ranked.of(ranking.top_n(likeness, len(view.catalogue), allowed=view.catalogue.available), member.algorithm)


def _by_content(view: View, row: int) -> Ranked:
    try:
        return by_content(view, row, min(len(view.catalogue), NEIGHBOURS))
    except DatabaseDown:
        return NO_ITEMS


def variants(view: View, row: int) -> Sequence[int]:
    """The row of an item and those of its variants."""
    groups = view.catalogue.groups
    return [row] if groups[row] < 0 else np.flatnonzero(groups == groups[row]).tolist()


def _recommendation(view: View, ranked: Ranked, place: int) -> Recommendation:
    item, source = int(view.catalogue.ids[ranked.rows[place]]), SOURCES[ranked.sources[place]]
    return Recommendation(item, float(ranked.scores[place]), source)
