"""Show an item's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog import snapshot
from catalog.models import Item
from recommender import serving
from recommender.serving import UnknownItem
from storefront import shelves
from storefront.views import events, reactions
from storefront.views.cards import Shelf, cards, cover_url
from storefront.views.page import item_or_404, page
from storefront.views.visitor import Visitor, visitor_of

MOST_TAGS = 12
MOST_FACTS = 6
LONGEST_FACT = 60


@require_safe
def item(request: HttpRequest, item_id: str) -> HttpResponse:
    """Show the item, the user's reaction to it, and similar items."""
    found = item_or_404(item_id)
    visitor = visitor_of(request)
    events.record_view(request, visitor, found)
    context = {
        "item": found,
        "cover": cover_url(found.pk),
        "facts": _facts({"type": found.item_type, **found.features}),
        "tags": found.tags[:MOST_TAGS],
        "similar": _similar(found, visitor),
        **reactions.panel(found, visitor, events.origin_of(request.GET)),
    }
    return page(request, "storefront/item.html", context)


def _similar(found: Item, visitor: Visitor | None) -> Shelf:
    """Return similar items; an empty shelf where the snapshot doesn't hold the item yet."""
    catalogue = snapshot.current()
    try:
        asked = shelves.asked_at(shelves.SIMILAR, visitor.user_id if visitor else "", items=[found.item_id])
        answer = serving.similar(*asked)
    except UnknownItem:
        return Shelf("similar", "Similar", [])
    rows = [catalogue.row_of(place.item_id) for place in answer.items]
    like = [int(catalogue.ids[row]) for row in rows if row is not None]
    return Shelf("similar", "Similar", cards(catalogue, like, "similar", shown_as=answer.recommendation_id))


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
