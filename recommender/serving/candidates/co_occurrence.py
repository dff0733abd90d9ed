"""Find what is bought together with an item: by lift, among pairs with enough support."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import F, Q, QuerySet

from recommender.cache import SOURCES
from recommender.engine.types import UNKNOWN
from recommender.models import CoPurchase, CoVisit
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.rankings import Ranked
from recsite.platform import database

BOUGHT_TOGETHER = "bought-together"
"""The source of items of such a list."""

PURCHASES, SESSIONS = "purchases", "sessions"

MIN_SUPPORT = 3
"""The least number of users who bought both: fewer may be chance."""


@dataclass(frozen=True, slots=True)
class CoOccurrence:
    """Hold an item (internal id) that is bought together with another, and how surely."""

    item: int
    support: int
    """Users who bought both."""
    confidence: float
    """The share of the item's buyers who bought this one too."""
    lift: float
    """Confidence by the share among all buyers. Brin et al., "Dynamic itemset counting", 1997 (there: interest)."""
    basis: str = PURCHASES
    """The basis of the counts: purchases, or sessions."""

    leads_back: float = 0.0
    """The share of this one's buyers who bought the item: by how much it leads to it."""


def bought_together(item: int, min_support: int = MIN_SUPPORT) -> list[CoOccurrence]:
    """Return what the same users bought, by falling lift, then what the same sessions viewed. Raises DatabaseDown.

    Both from counts that the worker keeps up to date: see `incremental.co_purchases` and `incremental.covisits`.
    """
    bought = database.ask(lambda: _co_occurring(CoPurchase.objects.all(), "users", item, min_support, PURCHASES))
    known = {one.item for one in bought}
    visited = visited_together(item, min_support)
    return bought + [one for one in visited if one.item not in known]


def by_lift(context: ServingContext, pairs: Sequence[CoOccurrence]) -> Ranked:
    """Rank the items of the pairs that the catalogue has, in the order of the pairs, scored by lift."""
    rows = context.rows([pair.item for pair in pairs])
    lifts = np.array([pair.lift for pair in pairs], np.float32)
    source = np.full(len(pairs), SOURCES.index(BOUGHT_TOGETHER), np.uint8)
    return Ranked(rows, lifts, source).take(rows != UNKNOWN)


def visited_together(item: int, min_support: int = MIN_SUPPORT) -> list[CoOccurrence]:
    """Return what the same sessions viewed, by falling lift. Raises DatabaseDown."""
    return database.ask(lambda: _co_occurring(CoVisit.objects.all(), "sessions", item, min_support, SESSIONS))


def _co_occurring(
    pairs: "QuerySet[CoPurchase] | QuerySet[CoVisit]", count: str, item: int, min_support: int, basis: str
) -> list[CoOccurrence]:
    either = pairs.filter(Q(item_id=item) | Q(other_id=item), **{f"{count}__gte": min_support})
    rows = either.order_by().values_list("item_id", "other_id", count)
    both = {other if one == item else one: n for one, other, n in rows}
    own = both.pop(item, 0)
    if not both or not own:
        return []
    alone = pairs.filter(item_id__in=[0, *both], other_id=F("item_id")).order_by()
    each: dict[int, int] = dict(alone.values_list("item_id", count))
    total = max(each.get(0, 0), own, 1)
    found = [
        CoOccurrence(other, n, n / own, (n / own) / (each[other] / total), basis, n / each[other])
        for other, n in both.items()
        if each.get(other)
    ]
    return sorted(found, key=lambda one: (-one.lift, -one.support, one.item))
