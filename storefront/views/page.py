from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalog.ids import InvalidId, clean_id
from catalog.models import Item
from storefront.views import staff
from storefront.views.access import only_looks
from storefront.views.visitor import visitor_of


def item_or_404(item_id: str) -> Item:
    """Return the item of an address; one that can't be an id is an address that doesn't exist."""
    try:
        return get_object_or_404(Item, item_id=clean_id(item_id))
    except InvalidId as error:
        raise Http404(f"An item's id {error}.") from error


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return a whole page, with the visitor's name, the bar for staff, and no button that would be refused."""
    frame = {"visitor": visitor_of(request), "staff": staff.bar(request), "only_looks": only_looks(request)}
    return render(request, template, frame | context, status=status)
