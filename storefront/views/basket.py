"""Show the basket and the orders of a visitor, both read from their events. Nothing else is stored, or paid."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from catalog import snapshot
from catalog.snapshot import Snapshot
from catalog.snapshot.expressions import price_of
from interactions import types
from interactions.marks import Mark
from interactions.models import Interaction
from interactions.schema import InvalidEvent, new_event_id
from storefront.views import events
from storefront.views.cards import Card, card
from storefront.views.leaving import taking_back
from storefront.views.page import item_or_404, page
from storefront.views.visitor import Visitor, visitor_of

ADDED, BOUGHT, CANCELLED, RETURNED = "add_to_cart", "purchase", "cancellation", "return"
KEPT = timedelta(days=14)
"""How long a title stays in the basket."""

MOST_EVENTS, MOST_ORDERED = 300, 200
SOURCE, ORDER = "basket", "order_id"
OF_LIST = ("source", "position", "recommendation_id")
"""What a purchase takes over from the act that put it into the basket, so that it counts for the list it came from."""


@dataclass(slots=True)
class Line:
    """Hold a title in the basket, and every act that put it there."""

    row: int
    card: Card
    price: float | None
    context: Mapping[str, Any]
    event_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bought:
    """Hold a title that was bought; `ended` says if it was cancelled or returned since."""

    card: Card
    price: float | None
    ended: str = ""


@dataclass(slots=True)
class Order:
    """Hold what was bought at once."""

    key: str
    at: datetime
    lines: list[Bought] = field(default_factory=list)

    @property
    def can_end(self) -> bool:
        return any(not line.ended for line in self.lines)


@require_safe
@never_cache
def basket(request: HttpRequest) -> HttpResponse:
    """Show what is in the basket."""
    visitor = visitor_of(request)
    lines = _lines(visitor, snapshot.current()) if visitor else []
    prices = [line.price for line in lines]
    total = sum(price for price in prices if price is not None) if prices and None not in prices else None
    return page(request, "storefront/basket.html", {"here": "basket", "lines": lines, "total": total})


@require_POST
def remove(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """Take a title out of the basket: every act that put it there is taken back."""
    item, visitor = item_or_404(item_id), visitor_of(request)
    lines = _lines(visitor, snapshot.current()) if visitor else []
    added = [one for line in lines if line.card.item_id == item.item_id for one in line.event_ids]
    if visitor and added:
        return _acted(request, visitor, [taking_back(item.item_id, one) for one in added], f"“{item.title}” is out.")
    messages.info(request, f"“{item.title}” is not in the basket.")
    return redirect("storefront:basket")


@require_POST
def buy(request: HttpRequest) -> HttpResponseBase:
    """Buy all that is in the basket: a purchase of each title, stored together or not at all."""
    visitor, catalogue = visitor_of(request), snapshot.current()
    lines = _lines(visitor, catalogue) if visitor else []
    lines = [line for line in lines if catalogue.available[line.row]]
    if visitor is None or not lines:
        messages.info(request, "There is nothing in the basket that can be bought.")
        return redirect("storefront:basket")
    order = {ORDER: str(new_event_id())}
    acts = [events.Act(BOUGHT, line.card.item_id, line.price, {**line.context, **order}) for line in lines]
    said = f"Bought: {len(acts)} title{'' if len(acts) == 1 else 's'}. Nothing was charged."
    return _acted(request, visitor, acts, said, "storefront:orders")


@require_safe
@never_cache
def orders(request: HttpRequest) -> HttpResponse:
    """Show what the visitor bought, the last first."""
    visitor = visitor_of(request)
    found = _orders(visitor, snapshot.current()) if visitor else []
    can_end = CANCELLED in types.by_name()
    return page(request, "storefront/orders.html", {"here": "basket", "orders": found, "can_end": can_end})


@require_POST
def cancel(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """Cancel the purchase of a title: an event that takes a purchase back, as an engine's client would send it."""
    item, visitor = item_or_404(item_id), visitor_of(request)
    open_lines = [line for order in (_orders(visitor, snapshot.current()) if visitor else []) for line in order.lines]
    if visitor and any(line.card.item_id == item.item_id and not line.ended for line in open_lines):
        acts = [events.Act(CANCELLED, item.item_id)]
        return _acted(request, visitor, acts, f"“{item.title}” is cancelled.", "storefront:orders")
    messages.info(request, f"There is no open order of “{item.title}”.")
    return redirect("storefront:orders")


def _acted(
    request: HttpRequest, visitor: Visitor, acts: Sequence[events.Act], said: str, then: str = "storefront:basket"
) -> HttpResponseBase:
    """Store the acts, say so, and go on to a page."""
    try:
        events.record(request, visitor, *acts)
    except InvalidEvent as reason:
        messages.error(request, " ".join(reason.errors.values()))
        return redirect("storefront:basket")
    messages.success(request, said)
    return redirect(then)


def _standing(visitor: Visitor, *kinds: str) -> "QuerySet[Interaction]":
    """Select what the visitor did of these types and has not taken back, the latest first."""
    theirs = Interaction.objects.filter(user__user_id=visitor.user_id, type__name__in=kinds)
    return theirs.exclude(mark=Mark.TAKEN_BACK).order_by("-occurred_at", "-id")


def _lines(visitor: Visitor, catalogue: Snapshot) -> list[Line]:
    """Return the titles that were put into the basket lately and not bought since, the last first."""
    acts = _standing(visitor, ADDED, BOUGHT).filter(occurred_at__gte=timezone.now() - KEPT)
    found, bought = dict[int, Line](), set[int]()
    told = list(acts.values_list("item_id", "type__name", "event_id", "context")[:MOST_EVENTS])
    rows = _rows(catalogue, [item for item, *_ in told])
    for item, kind, event_id, context in told:
        if kind == BOUGHT:
            bought.add(item)
        if item in bought or item not in rows:
            continue
        if item not in found:
            found[item] = _line(catalogue, rows[item], len(found) + 1, context or {})
        found[item].event_ids.append(event_id)
    return list(found.values())


def _line(catalogue: Snapshot, row: int, position: int, context: Mapping[str, Any]) -> Line:
    of_list = {name: context[name] for name in OF_LIST if name in context}
    return Line(row, card(catalogue, row, SOURCE, position), price_of(catalogue, row), of_list)


def _orders(visitor: Visitor, catalogue: Snapshot) -> list[Order]:
    """Return purchases by their order; those without one, by the day."""
    acts = _standing(visitor, BOUGHT, CANCELLED, RETURNED)
    told = list(acts.values_list("item_id", "type__name", "occurred_at", "value", "context")[:MOST_ORDERED])
    rows = _rows(catalogue, [item for item, *_ in told])
    found, ended = dict[str | date, Order](), dict[int, str]()
    for item, kind, at, value, context in told:
        if kind != BOUGHT:
            ended[item] = "cancelled" if kind == CANCELLED else "returned"
            continue
        key = (context or {}).get(ORDER) or at.date()
        order = found.setdefault(key, Order(str(key), at))
        if item in rows:
            shown = card(catalogue, rows[item], SOURCE, len(order.lines) + 1)
            # An earlier purchase of the same title stands: it was ended once.
            order.lines.append(Bought(shown, value, ended.pop(item, "")))
    return [order for order in found.values() if order.lines]


def _rows(catalogue: Snapshot, items: Iterable[int]) -> dict[int, int]:
    """Return the catalogue's rows of those items (internal ids) that it still has."""
    known = list(dict.fromkeys(items))
    rows = catalogue.rows(np.array(known, np.int64)).tolist()
    return {item: row for item, row in zip(known, rows, strict=True) if row >= 0}
