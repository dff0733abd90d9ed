"""Part a user's list into shelves by what it is made from: Because you liked “Emma”."""

from collections.abc import Iterator

from catalog.snapshot import Snapshot
from recommender.serving import Answer, ListedItem
from recommender.serving.placements import ServedPlacement
from storefront import shelves
from storefront.views import served
from storefront.views.cards import Shelf

LEADING = 12
"""The first items, which stay together as “For you” whatever their reasons are."""

FEWEST, MOST_SHELVES = 4, 3
"""Items below which a reason has no shelf of its own, and the number of such shelves."""


def by_reason(catalogue: Snapshot, answer: Answer, placement: ServedPlacement) -> Iterator[Shelf]:
    """Yield “For you”, then a shelf for each reason that several of the later items share.

    All are parts of one list at one placement, so each item keeps its rank there.
    """
    grouped = _grouped(answer)
    apart = {place.item_id for places in grouped.values() for place in places}
    rest = [place for place in answer.items if place.item_id not in apart]
    cards = served.cards_of(catalogue, rest, shelves.FOR_YOU, answer)
    yield served.shelf(shelves.FOR_YOU, "For you", cards, answer, placement, lazy=False)
    for number, (reason, places) in enumerate(grouped.items(), 1):
        cards = served.cards_of(catalogue, places, shelves.FOR_YOU, answer)
        key = f"{shelves.FOR_YOU}-{number}"
        yield served.shelf(key, reason, cards, answer, placement, source=shelves.FOR_YOU)


def _grouped(answer: Answer) -> dict[str, list[ListedItem]]:
    """Return the later items by the heading of their reason, of the reasons that most of them have."""
    found = dict[str, list[ListedItem]]()
    for place in answer.items[LEADING:]:
        if heading := _heading(place):
            found.setdefault(heading, []).append(place)
    large = sorted((heading for heading in found if len(found[heading]) >= FEWEST), key=lambda one: -len(found[one]))
    return {heading: found[heading] for heading in large[:MOST_SHELVES]}


def _heading(place: ListedItem) -> str:
    """Return the part of the sentence that names what weighs most; the whole of one that names a subject."""
    reason = place.reason
    if reason is None or not reason.sentence.startswith(STARTS):
        return ""
    return reason.sentence.removesuffix(".").split("” and ")[0] + ("”" if "” and " in reason.sentence else "")


STARTS = ("Because you ", "You said you like ")
