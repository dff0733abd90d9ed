"""Offer stars and buttons on an item's page: the choices, the earlier reactions, and the effect of a press."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.models import Item
from interactions import types
from interactions.models import Interaction, InteractionType
from interactions.schema import InvalidEvent
from recsite.platform import humanize
from storefront.views import events
from storefront.views.page import item_or_404
from storefront.views.visitor import Visitor, become_new, visitor_of

RATING = "rating"
LABELS = {"like": "Like", "dislike": "Not for me", "add_to_cart": "To the basket", "purchase": "Buy"}
DONE = {
    "like": "You liked it",
    "dislike": "You said it is not for you",
    "add_to_cart": "You put it into the basket",
    "purchase": "You bought it",
}
UNDONE_BY = {"like": "dislike", "dislike": "like"}
MOST_STARS = 10
LATEST = 50

Past = tuple[str, float | None, datetime]
"""Type, value and time of something that the person did with the item."""


@dataclass(frozen=True, slots=True)
class Act:
    type: str
    label: str
    is_done: bool


@require_POST
def react(request: HttpRequest, item_id: str) -> HttpResponse:
    """Store a rating or another reaction; a visitor without a user becomes a new one by it."""
    item = item_or_404(item_id)
    visitor = visitor_of(request) or become_new(request)
    kind, origin = request.POST.get("type", ""), events.origin_of(request.POST)
    try:
        event = events.record(request, visitor, item, _offered(kind), _number(request.POST.get("value")), origin)
    except InvalidEvent as reason:
        return _refused(request, item, visitor, reason)
    if not request.headers.get("HX-Request"):
        messages.success(request, said(event.type, event.value))
        return redirect(_address(item, origin))
    past = (event.type, event.value, event.occurred_at)
    context = panel(item, visitor, origin, [past]) | {"said": said(event.type, event.value)}
    return render(request, "storefront/_reactions.html", context)


def panel(item: Item, visitor: Visitor | None, origin: events.Origin, just: Iterable[Past] = ()) -> dict[str, Any]:
    """Return the template's context. `just` are reactions of a moment ago, stored or still on their way."""
    past = [*just, *(_past(item, visitor) if visitor else ())]
    known = types.by_name()
    steps = _steps(known.get(RATING))
    rating = next((value for kind, value, _ in past if kind == RATING), None)
    return {
        "react": reverse("storefront:react", args=[item.item_id]),
        "origin": origin,
        "steps": steps,
        "best": steps[-1] if steps else None,
        "rating": rating,
        "acts": [Act(kind, label, _is_done(kind, past)) for kind, label in LABELS.items() if kind in known],
        "last": _last(past),
    }


def said(kind: str, value: float | None) -> str:
    return f"You gave it {value:g}." if kind == RATING and value is not None else f"{DONE.get(kind, 'Noted')}."


def _offered(kind: str) -> str:
    """Return the type if the page offers it; other types are refused."""
    if kind != RATING and kind not in LABELS:
        raise InvalidEvent({"type": "Choose one of the buttons on the page."})
    return kind


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return math.nan


def _refused(request: HttpRequest, item: Item, visitor: Visitor, reason: InvalidEvent) -> HttpResponse:
    origin = events.origin_of(request.POST)
    context = panel(item, visitor, origin) | {"error": " ".join(reason.errors.values())}
    if request.headers.get("HX-Request"):
        return render(request, "storefront/_reactions.html", context, status=422)
    messages.error(request, context["error"])
    return redirect(_address(item, origin))


def _address(item: Item, origin: events.Origin) -> str:
    query = QueryDict(mutable=True)
    query.update(origin.query)
    address = reverse("storefront:item", args=[item.item_id])
    return f"{address}?{query.urlencode()}" if query else address


def _past(item: Item, visitor: Visitor) -> Iterable[Past]:
    """Return the user's latest reactions to the item, newest first."""
    mine = Interaction.objects.filter(user__user_id=visitor.user_id, item=item, type__name__in=[RATING, *LABELS])
    return mine.order_by("-occurred_at", "-id").values_list("type__name", "value", "occurred_at")[:LATEST]


def _is_done(kind: str, past: list[Past]) -> bool:
    """Return True where the user reacted so, and has not said the opposite since."""
    which = {kind, UNDONE_BY.get(kind, kind)}
    return next((done for done, _, _ in past if done in which), None) == kind


def _last(past: list[Past]) -> str:
    if not past:
        return ""
    kind, value, when = past[0]
    return f"{said(kind, value).removesuffix('.')} {humanize.distance(when)}."


def _steps(kind: InteractionType | None) -> list[int]:
    """Return the stars to offer: every whole number of the scale, or a few where it is a long one."""
    if kind is None or kind.scale_min is None or kind.scale_max is None:
        return []
    low, high = max(1, math.ceil(kind.scale_min)), math.floor(kind.scale_max)
    every = max(1, math.ceil((high - low + 1) / MOST_STARS))
    return list(range(high, low - 1, -every))[::-1]
