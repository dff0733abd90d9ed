"""Turn answers of the recommender into shelves."""

from collections.abc import Iterable, Mapping

from catalog.snapshot import Snapshot
from recommender.models import ShownBy
from recommender.serving import Answer, BoughtItem, BoughtTogether, ListedItem
from recommender.serving.candidates import BOUGHT_TOGETHER, LATEST, POPULAR, RULE, TRENDING
from recommender.serving.placements import ServedPlacement
from storefront.views.cards import Card, Served, Shelf, card

BY_SOURCE: Mapping[str, str] = {
    POPULAR: "Many people like it.",
    TRENDING: "Many people turn to it these days.",
    LATEST: "It is new.",
    RULE: "Our staff picked it.",
}
"""Why an item is on a list that is the same for everybody: no history has to be read for it."""


def shelf(
    key: str,
    title: str,
    cards: list[Card],
    answer: Answer | BoughtTogether,
    placement: ServedPlacement,
    *,
    lazy: bool = True,
    note: str = "",
    source: str = "",
) -> Shelf:
    """Return a shelf of what was answered at a placement."""
    by_event = placement.settings.shown_by == ShownBy.EVENT
    list_id = str(answer.recommendation_id) if by_event else ""
    return Shelf(key, title, cards, note, lazy, behind(answer, placement), list_id, source or key)


def behind(answer: Answer | BoughtTogether, placement: ServedPlacement) -> Served:
    """Say for staff where an answer comes from."""
    source, release, made = BOUGHT_TOGETHER, None, "made just now"
    if isinstance(answer, Answer):
        source, release = answer.algorithm, answer.release
        made = "from the cache" if answer.cache_hit else made
    revision, variant = answer.placement_revision, answer.variant or ""
    return Served(answer.placement, placement.pk, revision, source, variant, release, made)


def cards_of(
    catalogue: Snapshot, found: Iterable[ListedItem | BoughtItem], source: str, answer: Answer | BoughtTogether
) -> list[Card]:
    """Return the cards of the items that the catalogue still has, each with its reason."""
    rows = ((catalogue.row_of(place.item_id), place) for place in found)
    shown_as = answer.recommendation_id
    return [
        card(catalogue, row, source, place.rank, why=why(place), shown_as=shown_as, can_leave=True)
        for row, place in rows
        if row is not None
    ]


def why(place: ListedItem | BoughtItem) -> str:
    """Return the reason in a sentence: the answer's own, else that of the source."""
    if place.reason:
        return place.reason.sentence
    return BY_SOURCE.get(place.source, "") if isinstance(place, ListedItem) else ""
