"""Live through one day: lists are shown to those who come, they click, and what follows is stored."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter
from zlib import crc32

import numpy as np

from catalog.models import Item
from interactions import producers
from interactions.schema import Event, new_event_id
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import Placement
from recommender.operations import lists_as_of
from recommender.operations.lists_as_of import Visit
from recommender.serving.candidates import POPULAR
from recommender.serving.placements import ServedPlacement
from recsite.platform.series import noting
from storefront import shelves
from storefront.past.tastes import Tastes
from storefront.past.timeline import Span, Timeline
from storefront.past.visitors import Visitors
from storefront.simulation.rhythm import DAY

SOURCE = "storefront"
START_PAGE = "/"
"""What a visitor asks for; each visit is one request, which makes the lists of the shelves."""

AT_ONCE = 5_000
"""Events that are stored in one transaction."""

REACH = {shelves.FOR_YOU: 1.0, shelves.POPULAR: 0.55}
"""How many of the visitors look at a shelf: the second is further down."""

SHOWN_TO = 0.6
"""The share of visitors to whom the second shelf is shown at all."""


@dataclass
class Sums:
    """Add up what was made."""

    lists: int = 0
    clicks: int = 0
    events: int = 0


@dataclass(frozen=True)
class Shop:
    """Hold what all days have in common."""

    span: Span
    timeline: Timeline
    tastes: Tastes
    visitors: Visitors
    placements: Mapping[str, Placement]
    """By the key of the shelf."""
    item_ids: Mapping[int, str]
    sums: Sums

    @classmethod
    def open(cls, span: Span, timeline: Timeline, tastes: Tastes, seed: int) -> "Shop":
        names = {key: shelves.SHELVES[key].placement for key in REACH}
        found = {one.name: one for one in Placement.objects.filter(name__in=names.values())}
        placements = {key: found[name] for key, name in names.items() if name in found}
        item_ids = dict(Item.objects.order_by("pk").values_list("pk", "item_id"))
        return cls(span, timeline, tastes, Visitors(tastes, seed), placements, item_ids, Sums())


def live(shop: Shop, number: int) -> None:
    """Live through the day of this number; what was decided on it is in the timeline already."""
    start = shop.span.day(number)
    visits = shop.visitors.visits(start, shop.span.now, number / max(shop.span.days - 1, 1))
    took: dict[Visit, float] = {}
    lists = [(key, shown) for key in REACH for shown in _shown(shop, key, visits, took)]
    for visit, seconds in took.items():
        noting.request(START_PAGE, 200, seconds, visit.at.timestamp())
    impressions.flush()
    shop.sums.lists += len(lists)
    clicks = shop.visitors.clicks(lists, REACH)
    shop.sums.clicks += len(clicks)
    turned_to = [*clicks, *shop.visitors.searches(visits, lists)]
    events = iter(_in_time(shop.visitors.events(turned_to, shop.item_ids, shop.span.now)))
    while batch := list(islice(events, AT_ONCE)):
        shop.sums.events += len(producers.store_and_tell(batch, SOURCE, as_happened=True).stored)
    noting.flush()


def _in_time(events: Iterable[Event]) -> list[Event]:
    """Return events in the order in which they happen, with ids in that order, by which they are stored.

    Whoever asks when the last event came looks at what was stored last.
    """
    return [replace(event, event_id=new_event_id()) for event in sorted(events, key=attrgetter("occurred_at"))]


def _shown(shop: Shop, key: str, visits: Sequence[Visit], took: dict[Visit, float]) -> list[Impression]:
    """Show a shelf to the visitors, each as it was at their moment; add to `took` the seconds that each waited for."""
    placement = shop.placements.get(key)
    if placement is None:
        return []
    if key != shelves.FOR_YOU:
        visits = [visit for visit in visits if scrolls(visit)]
    shown: list[Impression] = []
    for release, served, some in _by_what_was_live(shop.timeline, placement, visits):
        began = time.perf_counter()
        shown += lists_as_of.show(release, served, some, POPULAR if key == shelves.POPULAR else "")
        each = (time.perf_counter() - began) / len(some)
        took.update((visit, took.get(visit, 0.0) + each) for visit in some)
    return shown


def _by_what_was_live(
    timeline: Timeline, placement: Placement, visits: Sequence[Visit]
) -> Iterable[tuple[int, ServedPlacement, list[Visit]]]:
    """Group visits by the release and the settings that made their lists; those of before any release are left out."""
    groups: dict[tuple[int, str, int | None], tuple[int, ServedPlacement, list[Visit]]] = {}
    revisions = list(placement.revisions.all())
    for visit in visits:
        release = timeline.release_at(visit.at)
        if release:
            seen = timeline.seen_by(visit.user_id, placement, revisions, visit.at)
            key = release.pk, seen.variant, seen.revision
            groups.setdefault(key, (release.pk, seen, []))[-1].append(visit)
    return groups.values()


def scrolls(visit: Visit) -> bool:
    """Tell if a visitor looks further down than the first shelf: by who they are and the day, as all that they do."""
    seed = [crc32(visit.user_id.encode()), int(visit.at.timestamp()) // DAY]
    return np.random.default_rng(seed).uniform() < SHOWN_TO
