"""Name the placements of the shop's shelves: staff decide in the admin what each of them shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recommender import merchandising
from recommender.models import Placement
from recommender.serving import Request, placements
from recommender.serving.placements import ServedPlacement, UnknownPlacement, WrongKind
from recsite.platform.audit import Actor

Kind = Placement.Kind


@dataclass(frozen=True, slots=True)
class PlacedShelf:
    """Describe the placement of one shelf."""

    placement: str
    kind: str
    description: str
    length: int


FOR_YOU, POPULAR, NEW, SIMILAR = "for-you", "popular", "new", "similar"
SHELVES: Mapping[str, PlacedShelf] = {
    FOR_YOU: PlacedShelf("shop-for-you", Kind.USER, "The first shelf of the shop's start page.", 24),
    POPULAR: PlacedShelf("shop-popular", Kind.POPULAR, "The shelf “Popular” of the shop's start page.", 24),
    NEW: PlacedShelf("shop-new", Kind.LATEST, "The shelf “New” of the shop's start page.", 24),
    SIMILAR: PlacedShelf("shop-similar", Kind.SIMILAR, "The shelf below a title in the shop.", 18),
}
"""By the key of the shelf, which its links and events carry."""


def make(actor: Actor, at: datetime | None = None) -> list[str]:
    """Make the placements of all shelves where the shop has none at all; return their names.

    `at` is when that was, where it isn't now. One that staff deleted stays deleted: its shelf shows what the default
    placement does.
    """
    if Placement.objects.filter(name__in=[one.placement for one in SHELVES.values()]).exists():
        return []
    return [
        merchandising.create(one.placement, one.kind, one.description, {"count": one.length}, actor=actor, at=at).name
        for one in SHELVES.values()
    ]


def asked_at(shelf: str, user_id: str, **asked: Any) -> tuple[Request, ServedPlacement]:
    """Return the request for a shelf, and its placement; the default one where that is gone."""
    its = SHELVES[shelf]
    try:
        return Request(user_id, kind=its.kind, **asked), placements.find(its.placement, its.kind)
    except (UnknownPlacement, WrongKind):
        return Request(user_id, its.length, kind=its.kind, **asked), placements.find(kind=its.kind)
