"""Make the cards of shelves: an item as a cover with a few words, from the snapshot, without a query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from django.urls import reverse

from catalog.snapshot import Snapshot

MOST_CATEGORIES = 18


@dataclass(frozen=True, slots=True)
class Badge:
    """Mark what the user did with the item."""

    kind: str
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class Card:
    """Describe one cover. `why` is a sentence that says how it came here."""

    item_id: str
    href: str
    cover: str
    title: str
    creator: str
    why: str = ""
    badge: Badge | None = None
    dismiss: str = ""
    """Where *Not interested* is sent; empty where nothing is shown that could leave."""


@dataclass(frozen=True, slots=True)
class Served:
    """Say what is behind a shelf: for staff, who alone are shown it."""

    placement: str
    placement_pk: int
    revision: int | None
    source: str
    variant: str
    release: int | None
    made: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Describe a row of covers under a heading. `key` names it in addresses and in the style sheet."""

    key: str
    title: str
    cards: Sequence[Card]
    note: str = ""
    lazy: bool = True
    served: Served | None = None
    list_id: str = ""
    """The list whose impressions are told when its covers come into view; empty where every answer counts as shown."""
    source: str = ""
    """The name in its links and events, where it is not the key."""


@dataclass(frozen=True, slots=True)
class CategoryCount:
    name: str
    count: int


def card(
    snapshot: Snapshot,
    row: int,
    source: str,
    position: int,
    why: str = "",
    badge: Badge | None = None,
    shown_as: UUID | None = None,
    can_leave: bool = False,
) -> Card:
    """Return the card of the item at `row`; its links carry the shelf, the position and the list it is shown on."""
    origin = urlencode({"from": source, "at": position, **({"rec": str(shown_as)} if shown_as else {})})
    item_id = snapshot.item_ids[row]
    return Card(
        item_id=item_id,
        href=f"{item_url(item_id)}?{origin}",
        cover=cover_url(int(snapshot.ids[row])),
        title=snapshot.titles[row],
        creator=snapshot.creators[row],
        why=why,
        badge=badge,
        dismiss=f"{reverse('storefront:dismiss', args=[item_id])}?{origin}" if can_leave else "",
    )


def cards(
    snapshot: Snapshot, items: Iterable[int], source: str, first: int = 1, shown_as: UUID | None = None
) -> list[Card]:
    """Return cards of the items (internal ids) that the catalogue still has; positions count from `first`."""
    rows = snapshot.rows(np.array(list(items), np.int64))
    return [
        card(snapshot, row, source, place, shown_as=shown_as)
        for place, row in enumerate(rows[rows >= 0].tolist(), first)
    ]


def item_url(item_id: str) -> str:
    return reverse("storefront:item", args=[item_id])


def cover_url(pk: int) -> str:
    return reverse("storefront:cover", args=[pk])


def categories(snapshot: Snapshot) -> list[CategoryCount]:
    """Return the largest categories of the available items, by name."""
    largest = nlargest(MOST_CATEGORIES, snapshot.category_counts().items(), key=itemgetter(1))
    return [CategoryCount(name, count) for name, count in sorted(largest)]
