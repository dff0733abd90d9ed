"""Show an item's page."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalog import snapshot
from catalog.models import Item
from recommender import serving
from recommender.serving import UnknownItem
from recommender.serving.candidates import LATEST, POPULAR, TRENDING
from storefront import shelves
from storefront.views import events, reactions, served
from storefront.views.cards import Shelf, cover_url
from storefront.views.leaving import dismissal
from storefront.views.page import item_or_404, page
from storefront.views.visitor import Visitor, visitor_of

MOST_TAGS = 12
MOST_FACTS = 6
LONGEST_FACT = 60
SOURCES = {shelves.POPULAR: POPULAR, shelves.TRENDING: TRENDING, shelves.NEW: LATEST}
"""By the shelf that led here: the source that says why."""


@require_safe
def item(request: HttpRequest, item_id: str) -> HttpResponse:
    """Show the item, why it was shown, the user's reaction to it, and what goes with it."""
    found = item_or_404(item_id)
    visitor, origin = visitor_of(request), events.origin_of(request.GET)
    # Before the view is stored: after it the item is on no list of theirs.
    reason = _reason(found, visitor, origin)
    events.record_view(request, visitor, found)
    context = {
        "item": found,
        "cover": cover_url(found.pk),
        "facts": _facts({"type": found.item_type, **found.features}),
        "creator_page": _listing(by=found.creator),
        "tags": [(name, _listing(tag=name)) for name in found.tags[:MOST_TAGS]],
        "reason": reason,
        "shelves": _shelves(found, visitor),
        "dismissal": dismissal(),
        **reactions.panel(found, visitor, origin),
    }
    return page(request, "storefront/item.html", context)


def _reason(found: Item, visitor: Visitor | None, origin: events.Origin) -> str:
    """Return why the list that led here has the item; empty where no list did, or it has it no longer."""
    if origin.source != shelves.FOR_YOU:
        return served.BY_SOURCE.get(SOURCES.get(origin.source, ""), "")
    if visitor is None:
        return ""
    asked, _ = shelves.asked_at(shelves.FOR_YOU, visitor.user_id, explain=True, is_shown=False)
    places = serving.recommend(asked).items
    return next((served.why(place) for place in places if place.item_id == found.item_id), "")


def _shelves(found: Item, visitor: Visitor | None) -> list[Shelf]:
    """Return what is similar, and what is bought together; none where the snapshot doesn't hold the item yet."""
    try:
        return [_together(found, visitor), _similar(found, visitor)]
    except UnknownItem:
        return []


def _similar(found: Item, visitor: Visitor | None) -> Shelf:
    key, user_id = shelves.SIMILAR, visitor.user_id if visitor else ""
    asked, placement = shelves.asked_at(key, user_id, items=[found.item_id], explain=True)
    answer = serving.similar(asked)
    cards = served.cards_of(snapshot.current(), answer.items, key, answer)
    return served.shelf(key, "Similar", cards, answer, placement)


def _together(found: Item, visitor: Visitor | None) -> Shelf:
    """Return what the same people bought; empty where too few did to be sure."""
    key, user_id = shelves.TOGETHER, visitor.user_id if visitor else ""
    asked, placement = shelves.asked_at(key, user_id, items=[found.item_id], explain=True)
    answer = serving.bought_together(asked)
    cards = served.cards_of(snapshot.current(), answer.items, key, answer)
    return served.shelf(key, "Bought together", cards, answer, placement)


def _listing(**chosen: str) -> str:
    """Return the address of the list of everything that has this; empty where there is nothing to have."""
    return f"{reverse('storefront:browse')}?{urlencode(chosen)}" if all(chosen.values()) else ""


def _facts(features: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the features that read well beside a cover: short words and numbers, no links and no lists."""
    named = ((name, _words(name, value)) for name, value in features.items() if name != "creator")
    return [(name.replace("_", " ").capitalize(), words) for name, words in named if words][:MOST_FACTS]


def _words(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if name == "year" and isinstance(value, int) and value < 0:
        return f"{-value} BC"
    words = str(value)
    return "" if len(words) > LONGEST_FACT or "://" in words else words
