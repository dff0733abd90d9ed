"""Offer what a text in a form may name, while it is typed: few options, each from an index or from this process."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog import item_names, snapshot
from catalog.expressions.properties import quoted
from catalog.models import EndUser, Item
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.suggesting import Kind

MOST = 8
SORTED = 100
LONGEST = 2_000
"""Characters of a text that are looked at: as many as a filter may have."""

Option = tuple[str, str]
"""What the field will hold, and what is shown beside it."""

_VALUE = re.compile(r"""^(?P<before>.*\b(?P<name>[\w.]+)\s*(?:==|=|!=)\s*)["'](?P<begun>[^"']*)$""", re.DOTALL)
"""A filter that ends in a text whose end quote isn't written yet."""

_LAST_WORD = re.compile(r"(.*[\s,]|)([^\s,]*)", re.DOTALL)


@require_safe
@never_cache
def suggestions(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer with options for the text of a field, which is sent alone, whatever its name."""
    if kind not in FOUND:
        raise Http404(f"There are suggestions for {', '.join(FOUND)}.")
    permission, find = FOUND[kind]
    text = next(iter(request.GET.dict().values()), "").replace("\x00", "").strip()[:LONGEST]
    # Who may not see them is offered none: the field takes what is typed all the same.
    is_asked = bool(text) and request.user.has_perm(permission)
    try:
        options = database.ask(lambda: list(islice(find(text), MOST))) if is_asked else []
    except DatabaseDown:
        options = []
    return TemplateResponse(request, "admin/parts/options.html", {"options": options})


def _items(text: str) -> Iterator[Option]:
    """Yield the item with this id, then those that the search of the catalogue finds."""
    found = [*Item.objects.filter(item_id=text), *item_names.near(text, MOST)]
    for item in {item.pk: item for item in found}.values():
        yield item.item_id, ", ".join(filter(None, (item.title, item.creator)))


def _users(text: str) -> Iterator[Option]:
    """Yield the users whose ids begin so: the shortest first, so the one with exactly this id leads."""
    # Sorted here: asked for the first ones, PostgreSQL may walk through all ids in their order instead of by the index.
    found = EndUser.objects.filter(user_id__startswith=text).order_by().only("user_id", "last_active")[:SORTED]
    for user in sorted(found, key=lambda one: (len(one.user_id), one.user_id)):
        yield user.user_id, f"last active {user.last_active:%-d %B %Y}" if user.last_active else "never active"


def _several_users(text: str) -> Iterator[Option]:
    """Yield the ids that are typed with the last one completed."""
    before, begun = _LAST_WORD.fullmatch(text).groups()  # type: ignore[union-attr]  # it fits every text
    for user_id, words in _users(begun) if begun else ():
        yield before + user_id, words


def _categories(text: str) -> Iterator[Option]:
    """Yield the categories in use that hold the text; those that begin with it first."""
    asked = text.casefold()
    found = [name for name in snapshot.current().category_names if asked in name.casefold()]
    for name in sorted(found, key=lambda one: not one.casefold().startswith(asked)):
        yield name, ""


def _of_filter(text: str) -> Iterator[Option]:
    """Yield the filter with the value at its end completed: of a category, a type, or an item's id."""
    written = _VALUE.match(text)
    names = written and COMPLETED.get(written["name"].rpartition(".")[2])
    if not (written and names and written["begun"]):
        return
    for value, words in names(written["begun"]):
        yield written["before"] + quoted(value), words


def _types(text: str) -> Iterator[Option]:
    for name in snapshot.current().type_names:
        if name.casefold().startswith(text.casefold()):
            yield name, ""


COMPLETED: Mapping[str, Callable[[str], Iterator[Option]]] = {
    "category": _categories,
    "categories": _categories,
    "item_type": _types,
    "item_id": _items,
}
"""Properties of filters, by their last words, whose values are offered."""

FOUND: Mapping[str, tuple[str, Callable[[str], Iterator[Option]]]] = {
    Kind.ITEM: ("catalog.view_item", _items),
    Kind.USER: ("catalog.view_enduser", _users),
    Kind.USERS: ("catalog.view_enduser", _several_users),
    Kind.CATEGORY: ("catalog.view_item", _categories),
    Kind.FILTER: ("catalog.view_item", _of_filter),
}
"""By kind: who may ask, and what is found."""
