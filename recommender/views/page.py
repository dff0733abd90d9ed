from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalog.models import Item
from recommender.views import staff
from recommender.views.visitor import visitor_of


def item_or_404(item_id: str) -> Item:
    # PostgreSQL refuses a text with NUL, as an error of ours.
    return get_object_or_404(Item, item_id=item_id.replace("\x00", "\N{REPLACEMENT CHARACTER}"))


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A whole page: with who the visitor is, and with the bar for staff."""
    frame = {"visitor": visitor_of(request), "staff": staff.bar(request)}
    return render(request, template, frame | context, status=status)
