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


FOR_YOU, TRENDING, POPULAR, NEW, SIMILAR, TOGETHER = "for-you", "trending", "popular", "new", "similar", "together"
SHELVES: Mapping[str, PlacedShelf] = {
    FOR_YOU: PlacedShelf("shop-for-you", Kind.USER, "The shop's start page: “For you”, and by reasons.", 36),
    TRENDING: PlacedShelf("shop-trending", Kind.TRENDING, "The shelf “Trending” of the shop's start page.", 24),
    POPULAR: PlacedShelf("shop-popular", Kind.POPULAR, "The shelf “Popular” of the shop's start page.", 24),
    NEW: PlacedShelf("shop-new", Kind.LATEST, "The shelf “New” of the shop's start page.", 24),
    SIMILAR: PlacedShelf("shop-similar", Kind.SIMILAR, "The shelf below a title in the shop.", 18),
    TOGETHER: PlacedShelf("shop-together", Kind.BOUGHT_TOGETHER, "“Bought together” below a title in the shop.", 12),
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


def asked_at(shelf: str, user_id: str, most: int = 0, **asked: Any) -> tuple[Request, ServedPlacement]:
    """Return the request for a shelf, of `most` items where that is said, and its placement.

    The default placement takes the place of one that is gone. Ask by the request alone, which names the placement: a
    list whose placement is given is a preview, and part of no experiment.
    """
    its = SHELVES[shelf]
    try:
        placement, length = placements.find(its.placement, its.kind), 0
    except (UnknownPlacement, WrongKind):
        placement, length = placements.find(kind=its.kind), its.length
    usual = length or placement.settings.count or its.length
    limit = min(most, usual) if most else length
    return Request(user_id, limit, kind=its.kind, placement=placement.name, **asked), placement
