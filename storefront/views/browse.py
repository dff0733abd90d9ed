"""Show the whole catalogue, page by page: everything, one category, creator or tag, or what a search finds."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from catalog import search, snapshot
from catalog.models import Item
from catalog.search import Found
from catalog.snapshot import Snapshot
from storefront.views.cards import CategoryCount, cards, categories
from storefront.views.page import page

PAGE = 36
LAST_PAGE = 500
LONGEST_QUERY = 100
LONGEST_NAME = 255
SUGGESTED = 6
BEST, NEWEST, TITLE = "best", "newest", "title"
SORTS = {BEST: "Best match", NEWEST: "Newest", TITLE: "Title"}
MOST_SORTED = 1_000
"""Of what a search finds, so many of the best matches are put into another order."""

MOST_TITLES = 20_000
"""Items in the catalogue up to which all of them are put into the order of their titles."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what an address asks for."""

    query: str = ""
    category: str = ""
    creator: str = ""
    tag: str = ""
    sort: str = BEST
    page: int = 1

    @classmethod
    def of(cls, request: HttpRequest) -> "Asked":
        words = {name: _words(request, key) for name, key in KEYS.items()}
        sort = request.GET.get("sort", "")
        return cls(
            **words | {"query": words["query"][:LONGEST_QUERY]},
            sort=sort if sort in SORTS else BEST,
            page=_number(request.GET.get("page", "")),
        )

    @property
    def is_search(self) -> bool:
        """Tell if the search has to find it: words, or a creator, whom it looks up by their name."""
        return bool(self.query or self.creator)

    @property
    def start(self) -> int:
        return (self.page - 1) * PAGE

    def address(self, **changes: Any) -> str:
        """Return the address that asks for this, but for `changes`."""
        asked = replace(self, **changes)
        said = {key: getattr(asked, name) for name, key in KEYS.items()}
        said |= {"sort": asked.sort if asked.sort != BEST else "", "page": asked.page if asked.page > 1 else ""}
        query = urlencode({key: value for key, value in said.items() if value})
        return reverse("storefront:browse") + (f"?{query}" if query else "")


KEYS = {"query": "q", "category": "category", "creator": "by", "tag": "tag"}
"""What the parameters of an address are called, by the name of the field."""


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """Return a page of covers; htmx asks for the next one alone, and appends it."""
    asked, catalogue = Asked.of(request), snapshot.current()
    found = _find(catalogue, asked)
    more = len(found.items) > PAGE and asked.page < LAST_PAGE
    context = {
        "cards": cards(catalogue, found.items[:PAGE], "search" if asked.is_search else "browse", asked.start + 1),
        "more": asked.address(page=asked.page + 1) if more else "",
    }
    if request.headers.get("HX-Request") and asked.page > 1:
        return render(request, "storefront/_page.html", context | {"is_part": True})
    return page(request, "storefront/browse.html", context | _frame(catalogue, asked, found))


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Return the first few of what a search finds, while somebody types."""
    asked, catalogue = replace(Asked.of(request), category="", creator="", tag="", page=1), snapshot.current()
    found = search.find(asked.query, SUGGESTED, 0, Item.available_at(timezone.now())) if asked.query else Found()
    context = {
        "query": asked.query,
        "corrected": found.corrected,
        "total": found.total,
        "all": asked.address(),
        "cards": cards(catalogue, found.items, "search"),
    }
    return render(request, "storefront/_suggestions.html", context)


def _find(catalogue: Snapshot, asked: Asked) -> Found:
    """Return what is asked for: internal ids, one more than the page holds where there is a next one."""
    if not asked.is_search:
        return Found(_sorted_rows(catalogue, asked, asked.start, PAGE + 1))
    text = " ".join(filter(None, (asked.query, asked.creator)))
    if asked.sort == BEST:
        return search.find(text, PAGE + 1, asked.start, _condition(asked), facets=True)
    found = search.find(text, MOST_SORTED, 0, _condition(asked), facets=True)
    rows = catalogue.rows(np.array(found.items, np.int64))
    ordered = _in_order(catalogue, rows[rows >= 0], asked.sort)
    return replace(found, items=catalogue.ids[ordered][asked.start : asked.start + PAGE + 1].tolist())


def _condition(asked: Asked) -> Q:
    """Return what an item has to be beside having the words."""
    only = Item.available_at(timezone.now())
    if asked.category:
        only &= Q(categories__contains=[asked.category])
    if asked.tag:
        only &= Q(tags__contains=[asked.tag])
    return only & Q(features__creator=asked.creator) if asked.creator else only


def _sorted_rows(catalogue: Snapshot, asked: Asked, start: int, amount: int) -> list[int]:
    """Return available items (internal ids) of a category and a tag, or of all: the latest published first."""
    named = [asked.category] if asked.category else []
    fitting = catalogue.matching(named, [asked.tag] if asked.tag else [])
    rows = np.flatnonzero(fitting)
    if asked.sort == TITLE and catalogue.count <= MOST_TITLES:
        return catalogue.ids[_in_order(catalogue, rows, TITLE)][start : start + amount].tolist()
    published, end = catalogue.published[rows], start + amount
    if end < len(rows):
        # What is older than the page's last item needs no order: sorting a million takes a third of a second.
        rows = rows[published >= np.partition(published, -end)[-end]]
    return catalogue.ids[_in_order(catalogue, rows, NEWEST)[start:end]].tolist()


def _in_order(catalogue: Snapshot, rows: Any, sort: str) -> Any:
    """Return the rows by title, or the latest published first."""
    if sort == TITLE:
        return np.array(sorted(rows.tolist(), key=lambda row: catalogue.titles[row].casefold()), np.int64)
    published = catalogue.published[rows]
    # By the oldest first, turned round: the lowest number, which stands for no date, has no opposite.
    return rows[::-1][np.argsort(published[::-1], kind="stable")[::-1]]


def _frame(catalogue: Snapshot, asked: Asked, found: Found) -> dict[str, Any]:
    facets = [CategoryCount(name, count) for name, count in found.categories]
    left_out = {BEST} if not asked.is_search else set()
    if not asked.is_search and catalogue.count > MOST_TITLES:
        left_out.add(TITLE)
    sorts = {name: label for name, label in SORTS.items() if name not in left_out}
    now = asked.sort if asked.sort in sorts else NEWEST
    listed = facets if asked.is_search else categories(catalogue)
    return {
        "here": "browse",
        "query": asked.query,
        "chosen": asked.category,
        "categories": [(one, asked.address(category=one.name, page=1)) for one in listed],
        "all_categories": asked.address(category="", page=1),
        "sorts": [(label, asked.address(sort=name, page=1), name == now) for name, label in sorts.items()],
        "heading": _heading(asked, found),
        "total": found.total if asked.is_search else 0,
        "is_empty": not catalogue.count,
    }


def _heading(asked: Asked, found: Found) -> str:
    if asked.query:
        return f"“{found.corrected}” (nothing has “{asked.query}”)" if found.corrected else f"“{asked.query}”"
    if asked.creator:
        return f"By {asked.creator}"
    return " and ".join(filter(None, (asked.category, asked.tag))) or "Everything"


def _words(request: HttpRequest, name: str) -> str:
    return " ".join(request.GET.get(name, "").replace("\x00", "").split())[:LONGEST_NAME]


def _number(text: str) -> int:
    return min(max(int(text), 1), LAST_PAGE) if text.isdecimal() and len(text) < 9 else 1
