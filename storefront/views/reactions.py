"""Offer stars and buttons on an item's page: the choices, the earlier reactions, and the effect of a press."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from catalog.models import Item
from interactions import types
from interactions.marks import Mark
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


class Past(NamedTuple):
    """Hold something that the user did with the item."""

    type: str
    value: float | None
    at: datetime
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Choice:
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
        act = events.Act(_offered(kind), item.item_id, _number(request.POST.get("value")), origin.context)
        (event,) = events.record(request, visitor, act)
    except InvalidEvent as reason:
        return refused(request, item, visitor, reason)
    if not request.headers.get("HX-Request"):
        messages.success(request, said(event.type, event.value))
        return redirect(address(item, origin))
    past = Past(event.type, event.value, event.occurred_at, event.event_id)
    context = panel(item, visitor, origin, just=past) | {"said": said(event.type, event.value)}
    return render(request, "storefront/_reactions.html", context)


def panel(
    item: Item, visitor: Visitor | None, origin: events.Origin, *, just: Past | None = None, undone: UUID | None = None
) -> dict[str, Any]:
    """Return the template's context. `just` is a reaction, and `undone` one taken back, that may not be stored yet."""
    stored = _past(item, visitor) if visitor else ()
    past = [one for one in stored if one.event_id not in (undone, just and just.event_id)]
    past = [just, *past] if just else past
    known = types.by_name()
    steps = _steps(known.get(RATING))
    rating = next((one.value for one in past if one.type == RATING), None)
    return {
        "react": reverse("storefront:react", args=[item.item_id]),
        "undo": reverse("storefront:undo", args=[item.item_id]),
        "origin": origin,
        "here_again": address(item, origin),
        "steps": steps,
        "best": steps[-1] if steps else None,
        "rating": rating,
        "acts": [Choice(kind, label, _is_done(kind, past)) for kind, label in LABELS.items() if kind in known],
        "last": past[0] if past else None,
        "last_words": _last(past),
    }


def said(kind: str, value: float | None) -> str:
    return f"You gave it {value:g}." if kind == RATING and value is not None else f"{DONE.get(kind, 'Noted')}."


def refused(request: HttpRequest, item: Item, visitor: Visitor, reason: InvalidEvent) -> HttpResponse:
    """Answer with the panel, or the item's page, and say in it what was wrong."""
    origin = events.origin_of(request.POST)
    error = " ".join(reason.errors.values())
    if request.headers.get("HX-Request"):
        context = panel(item, visitor, origin) | {"error": error}
        return render(request, "storefront/_reactions.html", context, status=422)
    messages.error(request, error)
    return redirect(address(item, origin))


def address(item: Item, origin: events.Origin) -> str:
    """Return the address of the item's page that keeps where the visitor came from."""
    query = QueryDict(mutable=True)
    query.update(origin.query)
    path = reverse("storefront:item", args=[item.item_id])
    return f"{path}?{query.urlencode()}" if query else path


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


def _past(item: Item, visitor: Visitor) -> Iterable[Past]:
    """Return the user's latest reactions to the item, newest first, without what they took back."""
    mine = Interaction.objects.filter(user__user_id=visitor.user_id, item=item, type__name__in=[RATING, *LABELS])
    standing = mine.exclude(mark=Mark.TAKEN_BACK).order_by("-occurred_at", "-id")
    return map(Past._make, standing.values_list("type__name", "value", "occurred_at", "event_id")[:LATEST])


def _is_done(kind: str, past: list[Past]) -> bool:
    """Return True where the user reacted so, and has not said the opposite since."""
    which = {kind, UNDONE_BY.get(kind, kind)}
    return next((one.type for one in past if one.type in which), None) == kind


def _last(past: list[Past]) -> str:
    if not past:
        return ""
    return f"{said(past[0].type, past[0].value).removesuffix('.')} {humanize.distance(past[0].at)}."


def _steps(kind: InteractionType | None) -> list[int]:
    """Return the stars to offer: every whole number of the scale, or a few where it is a long one."""
    if kind is None or kind.scale_min is None or kind.scale_max is None:
        return []
    low, high = max(1, math.ceil(kind.scale_min)), math.floor(kind.scale_max)
    every = max(1, math.ceil((high - low + 1) / MOST_STARS))
    return list(range(high, low - 1, -every))[::-1]
