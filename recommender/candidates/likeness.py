"""What is like an item."""

from collections.abc import Sequence

import numpy as np

from recommender import ranking
from recommender.cache import SOURCES
from recommender.candidates.paging import Wanted, places
from recommender.candidates.view import NO_ITEMS, Ranked, View, current_view
from recommender.types import UNKNOWN, Mask, Recommendation


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


def like(view: View, row: int) -> Ranked:
    """Everything that is available, the items most like the one at `row` of the catalogue first."""
    catalogue, everything = view.catalogue, len(view.catalogue)
    everybody = view.everybody()
    kindred = everybody.only(catalogue.matching(categories=catalogue.categories[row])[everybody.rows])
    return _by_likeness(view, row, catalogue.available).filled_up(everything, kindred).filled_up(everything, everybody)


def _by_likeness(view: View, row: int, allowed: Mask) -> Ranked:
    """By the leading model; nothing where there is none, or where it doesn't know the item."""
    member = view.release.leader
    if member is None:
        return NO_ITEMS
    col = member.model.item_ids.rows(view.catalogue.ids[row : row + 1])
    likeness = view.laid_out(member, member.model.similar(col))
    return Ranked.of(ranking.top_n(likeness, len(view.catalogue), allowed=allowed), member.algorithm)


def variants(view: View, row: int) -> Sequence[int]:
    """The row of an item and those of its variants."""
    groups = view.catalogue.groups
    return [row] if groups[row] < 0 else np.flatnonzero(groups == groups[row]).tolist()


def _recommendation(view: View, ranked: Ranked, place: int) -> Recommendation:
    item, source = int(view.catalogue.ids[ranked.rows[place]]), SOURCES[ranked.sources[place]]
    return Recommendation(item, float(ranked.scores[place]), source)
