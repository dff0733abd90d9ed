"""Find what is bought together with an item: by lift, among pairs with enough support."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, F, Q

from interactions import types
from interactions.models import Interaction, InteractionType
from recommender.cache import SOURCES
from recommender.engine.types import UNKNOWN
from recommender.models import CoVisit
from recommender.serving.candidates.context import Ranked, ServingContext
from recsite.platform import database

MOST_BUYERS = 5_000
"""The latest buyers of an item that are counted: more change the figures little."""

HOUR = 3600

_buyers: dict[int, tuple[int, float]] = {}
"""The number of buyers by event type, and the monotonic time it expires."""

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


def bought_together(item: int, min_support: int = MIN_SUPPORT) -> list[CoOccurrence]:
    """Return what the same users bought, by falling lift, then what the same sessions viewed. Raises DatabaseDown."""
    kind = _purchase()
    bought = database.ask(lambda: _count_pairs(item, kind, min_support)) if kind else []
    known = {one.item for one in bought}
    visited = database.ask(lambda: visited_together(item, min_support))
    return bought + [one for one in visited if one.item not in known]


def by_lift(context: ServingContext, pairs: Sequence[CoOccurrence]) -> Ranked:
    """Rank the items of the pairs that the catalogue has, in the order of the pairs, scored by lift."""
    rows = context.rows([pair.item for pair in pairs])
    lifts = np.array([pair.lift for pair in pairs], np.float32)
    source = np.full(len(pairs), SOURCES.index(BOUGHT_TOGETHER), np.uint8)
    return Ranked(rows, lifts, source).take(rows != UNKNOWN)


def visited_together(item: int, min_support: int = MIN_SUPPORT) -> list[CoOccurrence]:
    """Return what the same sessions viewed, by falling lift, from the co-visit counts."""
    either = CoVisit.objects.filter(Q(item_id=item) | Q(other_id=item), sessions__gte=min_support)
    both = {one.other_id if one.item_id == item else one.item_id: one.sessions for one in either.order_by()}
    own = both.pop(item, 0)
    if not both:
        return []
    alone = CoVisit.objects.filter(item_id__in=[0, *both], other_id=F("item_id"))
    each: dict[int, int] = dict(alone.values_list("item_id", "sessions"))
    total = max(each.get(0, 0), own, 1)
    found = [
        CoOccurrence(other, n, n / own, (n / own) / (each[other] / total), SESSIONS)
        for other, n in both.items()
        if own and each.get(other)
    ]
    return sorted(found, key=lambda one: (-one.lift, -one.support, one.item))


def _purchase() -> InteractionType | None:
    """Return the type of a purchase: the implicit type that weighs most in favour."""
    kinds = [kind for kind in types.by_name().values() if not kind.is_negative and not kind.rule.scale and kind.weight]
    return max(kinds, key=lambda kind: kind.weight, default=None)


def _count_buyers(kind: InteractionType) -> int:
    """Count the users who ever bought anything: once an hour, since it reads all purchases."""
    counted, until = _buyers.get(kind.pk, (0, 0.0))
    if time.monotonic() > until:
        bought = Interaction.objects.filter(type=kind).order_by()
        counted = bought.aggregate(n=Count("user", distinct=True))["n"]
        _buyers[kind.pk] = counted, time.monotonic() + HOUR
    return counted


def _count_pairs(item: int, kind: InteractionType, min_support: int) -> list[CoOccurrence]:
    bought = Interaction.objects.filter(type=kind).order_by()
    latest = bought.filter(item=item).order_by("-occurred_at").values_list("user_id", flat=True)
    buyers = set(latest[:MOST_BUYERS])
    people = Count("user", distinct=True)
    others = bought.filter(user__in=buyers).exclude(item=item).values_list("item").annotate(n=people)
    both: dict[int, int] = dict(others.filter(n__gte=min_support))
    if not both:
        return []
    each: dict[int, int] = dict(bought.filter(item__in=list(both)).values_list("item").annotate(n=people))
    everybody = _count_buyers(kind)
    found = [
        CoOccurrence(other, n, n / len(buyers), (n / len(buyers)) / (each[other] / everybody))
        for other, n in both.items()
    ]
    return sorted(found, key=lambda one: (-one.lift, -one.support, one.item))
