"""Show the user's latest items, as small covers with a mark each."""

from collections.abc import Iterable

import numpy as np

from catalog.snapshot import Snapshot
from interactions.marks import Mark
from interactions.models import Interaction
from interactions.schema import UNDO
from storefront.views.cards import Badge, Shelf, card
from storefront.views.visitor import Visitor

KEY = "history"
LONGEST = 14
EVENTS = 100
SILENT = ("impression", UNDO)
"""Types after which an item stands on no shelf of what was done."""

MARKS = {
    "like": ("♥", "liked"),
    "dislike": ("✕", "disliked"),
    "purchase": ("✓", "bought"),
    "add_to_cart": ("+", "in the basket"),
}

Done = tuple[int, str, float | None]
"""An item (internal id), the type of the event, and its value."""


def history(visitor: Visitor, catalogue: Snapshot) -> Shelf:
    """Return the items of the user's latest events, the last first, each marked with their latest reaction to it."""
    theirs = Interaction.objects.filter(user__user_id=visitor.user_id).exclude(mark=Mark.TAKEN_BACK)
    events = theirs.exclude(type__name__in=SILENT).order_by("-occurred_at", "-id")
    latest = events.values_list("item_id", "type__name", "value")[:EVENTS]
    told = _told(latest)
    rows = catalogue.rows(np.array(list(told), np.int64)).tolist()
    known = [(row, badge) for row, badge in zip(rows, told.values(), strict=True) if row >= 0][:LONGEST]
    cards = [card(catalogue, row, KEY, place, badge=badge) for place, (row, badge) in enumerate(known, 1)]
    return Shelf(KEY, "Lately", cards)


def _told(latest: Iterable[Done]) -> dict[int, Badge | None]:
    """Return items in order; an item that was only viewed has no badge."""
    told: dict[int, Badge | None] = {}
    for item, kind, value in latest:
        told[item] = told.get(item) or _badge(kind, value)
    return told


def _badge(kind: str, value: float | None) -> Badge | None:
    if kind == "rating" and value is not None:
        return Badge(kind, f"{value:g}", f"rated {value:g}")
    return Badge(kind, *MARKS[kind]) if kind in MARKS else None
