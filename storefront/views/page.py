from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalog import snapshot
from catalog.ids import InvalidId, clean_id
from catalog.models import Item
from storefront.views import staff
from storefront.views.access import only_looks
from storefront.views.visitor import visitor_of

OFF, OFF_ITEM = "off", "off-item"
"""Parameters of an address that name the event, and the item, by which a title just left the shelves."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Name a title that just left the shelves, and the event that can be taken back."""

    item_id: str
    title: str
    event_id: UUID


def item_or_404(item_id: str) -> Item:
    """Return the item of an address; one that can't be an id is an address that doesn't exist."""
    try:
        return get_object_or_404(Item, item_id=clean_id(item_id))
    except InvalidId as error:
        raise Http404(f"An item's id {error}.") from error


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return a whole page, with the visitor's name, the bar for staff, and no button that would be refused."""
    frame = {
        "visitor": visitor_of(request),
        "staff": staff.bar(request),
        "only_looks": only_looks(request),
        "back": _address(request),
        "gone": _gone(request),
    }
    return render(request, template, frame | context, status=status)


def _address(request: HttpRequest) -> str:
    """Return the page's address without what was just taken off the shelves."""
    kept = [(name, value) for name in request.GET for value in request.GET.getlist(name) if name not in (OFF, OFF_ITEM)]
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def _gone(request: HttpRequest) -> Gone | None:
    """Return what a press without JavaScript took off the shelves; None where the address names nothing of ours."""
    if OFF not in request.GET:
        return None
    item_id, catalogue = request.GET.get(OFF_ITEM, ""), snapshot.current()
    row = catalogue.row_of(item_id)
    try:
        return None if row is None else Gone(item_id, catalogue.titles[row], UUID(request.GET[OFF]))
    except ValueError:
        return None
