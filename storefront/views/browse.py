"""Show the whole catalogue, page by page: everything, one category, or what a search finds."""

from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import search, snapshot
from catalog.models import Item
from catalog.snapshot import Snapshot
from storefront.views.cards import cards, categories
from storefront.views.page import page

PAGE = 36
LAST_PAGE = 500
LONGEST_QUERY = 100


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """Return a page of covers; htmx asks for the next one alone, and appends it."""
    category = request.GET.get("category", "")
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST_QUERY]
    number = _number(request.GET.get("page", ""))
    start = (number - 1) * PAGE
    catalogue = snapshot.current()
    # One more than the page holds tells whether there is a next one.
    corrected = ""
    if query:
        on_offer = search.find(query, PAGE + 1, start, Item.available_at(timezone.now()))
        found, corrected = on_offer.items, on_offer.corrected
    else:
        found = _newest(catalogue, category, start, PAGE + 1)
    context = {
        "cards": cards(catalogue, found[:PAGE], "search" if query else "browse", start + 1),
        "more": _next(query, category, number) if len(found) > PAGE and number < LAST_PAGE else "",
    }
    if request.headers.get("HX-Request") and number > 1:
        return render(request, "storefront/_page.html", context | {"is_part": True})
    return page(request, "storefront/browse.html", context | _frame(catalogue, query, category, corrected))


def _frame(catalogue: Snapshot, query: str, category: str, corrected: str) -> dict[str, Any]:
    heading = f"“{corrected}” (nothing has “{query}”)" if corrected else f"“{query}”"
    return {
        "here": "browse",
        "query": query,
        "chosen": category,
        "categories": categories(catalogue),
        "heading": heading if query else category or "Everything",
        "is_empty": not catalogue.count,
    }


def _number(text: str) -> int:
    return min(max(int(text), 1), LAST_PAGE) if text.isdecimal() and len(text) < 9 else 1


def _newest(catalogue: Snapshot, category: str, start: int, amount: int) -> list[int]:
    """Return available items (internal ids) of a category, or of all: the latest published first."""
    rows = np.flatnonzero(catalogue.matching(categories=[category] if category else []))
    published, end = catalogue.published[rows], start + amount
    if end < len(rows):
        # What is older than the page's last item needs no order: sorting a million takes a third of a second.
        rows = rows[published >= np.partition(published, -end)[-end]]
        published = catalogue.published[rows]
    # By the oldest first, turned round: the lowest number, which stands for no date, has no opposite.
    order = np.argsort(published[::-1], kind="stable")[::-1]
    return catalogue.ids[rows[::-1][order][start:end]].tolist()


def _next(query: str, category: str, number: int) -> str:
    asked = {"q": query, "category": category, "page": number + 1}
    return f"{reverse('storefront:browse')}?{urlencode({name: value for name, value in asked.items() if value})}"
