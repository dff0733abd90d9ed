"""What is bought together with an item: by lift, among what enough people bought both of."""

import time
from dataclasses import dataclass

from django.db.models import Count, F, Q

from interactions import types
from interactions.models import Interaction, InteractionType
from recommender.models import CoVisit
from recsite.platform import database

MOST_BUYERS = 5_000
"""The latest buyers of an item that are looked at: more of them change the figures little."""

HOUR = 3600

_buyers: dict[int, tuple[int, float]] = {}
"""People who bought anything, by type, and until when that holds."""

PURCHASES, SESSIONS = "purchases", "sessions"

LEAST_SUPPORT = 3
"""People who bought both, below which it may be chance."""


@dataclass(frozen=True, slots=True)
class Together:
    """An item (internal id) that is bought with another."""

    item: int
    support: int
    """People who bought both."""
    confidence: float
    """The share of the item's buyers who bought this one as well."""
    lift: float
    """How many times the share among all buyers that is. Brin et al., "Dynamic itemset counting", 1997 (interest)."""
    basis: str = PURCHASES
    """Whom that is said of: the item's buyers, or the sessions in which somebody turned to it."""


def bought_together(item: int, least_support: int = LEAST_SUPPORT) -> list[Together]:
    """What the same people bought, by falling lift, then what the same sessions turned to. Raises DatabaseDown."""
    kind = _purchase()
    bought = database.ask(lambda: _found(item, kind, least_support)) if kind else []
    known = {one.item for one in bought}
    visited = database.ask(lambda: visited_together(item, least_support))
    return bought + [one for one in visited if one.item not in known]


def visited_together(item: int, least_support: int = LEAST_SUPPORT) -> list[Together]:
    """What the same sessions turned to, by falling lift: from the pairs that were added up as they went on."""
    either = CoVisit.objects.filter(Q(item_id=item) | Q(other_id=item), sessions__gte=least_support)
    both = {one.other_id if one.item_id == item else one.item_id: one.sessions for one in either.order_by()}
    own = both.pop(item, 0)
    if not both:
        return []
    alone = CoVisit.objects.filter(item_id__in=[0, *both], other_id=F("item_id"))
    each: dict[int, int] = dict(alone.values_list("item_id", "sessions"))
    total = max(each.get(0, 0), own, 1)
    found = [
        Together(other, n, n / own, (n / own) / (each[other] / total), SESSIONS)
        for other, n in both.items()
        if own and each.get(other)
    ]
    return sorted(found, key=lambda one: (-one.lift, -one.support, one.item))


def _purchase() -> InteractionType | None:
    """The type of a purchase, or of whatever else weighs most in favour."""
    kinds = [kind for kind in types.by_name().values() if not kind.is_negative and not kind.rule.scale and kind.weight]
    return max(kinds, key=lambda kind: kind.weight, default=None)


def _everybody(kind: InteractionType) -> int:
    """How many people ever bought anything: counted once an hour, since it reads all purchases."""
    counted, until = _buyers.get(kind.pk, (0, 0.0))
    if time.monotonic() > until:
        bought = Interaction.objects.filter(type=kind).order_by()
        counted = bought.aggregate(n=Count("user", distinct=True))["n"]
        _buyers[kind.pk] = counted, time.monotonic() + HOUR
    return counted


def _found(item: int, kind: InteractionType, least_support: int) -> list[Together]:
    bought = Interaction.objects.filter(type=kind).order_by()
    latest = bought.filter(item=item).order_by("-occurred_at").values_list("user_id", flat=True)
    buyers = set(latest[:MOST_BUYERS])
    people = Count("user", distinct=True)
    others = bought.filter(user__in=buyers).exclude(item=item).values_list("item").annotate(n=people)
    both: dict[int, int] = dict(others.filter(n__gte=least_support))
    if not both:
        return []
    each: dict[int, int] = dict(bought.filter(item__in=list(both)).values_list("item").annotate(n=people))
    everybody = _everybody(kind)
    found = [
        Together(other, n, n / len(buyers), (n / len(buyers)) / (each[other] / everybody)) for other, n in both.items()
    ]
    return sorted(found, key=lambda one: (-one.lift, -one.support, one.item))
