"""Show the shelves: the user's own list, popular items, new items."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.snapshot import Snapshot
from recommender.serving import Answer, ListedItem, UnknownAlgorithm, recommend
from recommender.serving.candidates import LATEST, POPULAR, RULE, current_context
from storefront import shelves
from storefront.views.cards import Card, Shelf, card, categories
from storefront.views.history import history
from storefront.views.page import page
from storefront.views.visitor import Visitor, visitor_of

NOBODY = ""
"""No person's id is empty."""


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show the shelves, never from a cache: who comes back from an item's page finds them changed."""
    visitor, view = visitor_of(request), current_context()
    answer = _for_you(visitor) if visitor else None
    context = {
        "here": "home",
        "shelves": list(_shelves(visitor, answer, view.catalogue)),
        "is_newcomer": answer is not None and answer.cold_start,
        "is_live": view.release.number is not None,
        "is_empty": not view.catalogue.count,
        "categories": categories(view.catalogue),
    }
    return page(request, "storefront/home.html", context)


def _for_you(visitor: Visitor) -> Answer:
    return recommend(*shelves.asked_at(shelves.FOR_YOU, visitor.user_id, is_shown_cold=False, explain=True))


def _shelves(visitor: Visitor | None, answer: Answer | None, catalogue: Snapshot) -> Iterator[Shelf]:
    if answer and not answer.cold_start:
        made = "from the cache" if answer.cache_hit else "made just now"
        chosen = _cards(catalogue, answer.items, "for-you", answer.recommendation_id, with_reason=True)
        yield Shelf("for-you", "For you", chosen, f"Release {answer.release}, {made}", lazy=False)
    if visitor:
        yield history(visitor, catalogue)
    for key, title, source in ((shelves.POPULAR, "Popular", POPULAR), (shelves.NEW, "New", LATEST)):
        found, shown_as = _impersonal(visitor, key, source)
        yield Shelf(key, title, _cards(catalogue, found, key, shown_as))


def _impersonal(visitor: Visitor | None, shelf: str, source: str) -> tuple[list[ListedItem], UUID | None]:
    """Return the source's own first items and what is pinned, the same for all users but for what they have seen."""
    asked, placement = shelves.asked_at(shelf, visitor.user_id if visitor else NOBODY, algorithm=source)
    try:
        answer = recommend(asked, placement)
    except UnknownAlgorithm:
        # Nothing is popular before a model says so.
        return [], None
    belonging = (source, RULE, *placement.settings.fallbacks)
    return [place for place in answer.items if place.source in belonging], answer.recommendation_id


def _cards(
    catalogue: Snapshot, found: Iterable[ListedItem], shelf: str, shown_as: UUID | None, with_reason: bool = False
) -> list[Card]:
    rows = ((catalogue.row_of(place.item_id), place) for place in found)
    return [
        card(catalogue, row, shelf, place.rank, why=_why(place) if with_reason else "", shown_as=shown_as)
        for row, place in rows
        if row is not None
    ]


def _why(place: ListedItem) -> str:
    return place.reason.sentence.removesuffix(".") if place.reason else ""
