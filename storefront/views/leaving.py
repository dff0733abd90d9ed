"""Take titles off the shelves (*Not interested*), and take back what a visitor did: each by an event of its own."""

from contextlib import suppress
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from catalog.models import Item
from interactions import types
from interactions.marks import Mark
from interactions.models import Interaction
from interactions.schema import UNDO, UNDOES, InvalidEvent
from recsite.platform.database import DatabaseDown
from storefront.views import events, reactions
from storefront.views.page import OFF, OFF_ITEM, item_or_404
from storefront.views.visitor import Visitor, become_new, visitor_of

DISLIKE = "dislike"
OF_PURCHASES = ("return", "cancellation")
"""Types that speak against an item as well, and not of taste."""

TAKEN_BACK = "Taken back. It counts for nothing."


def dismissal() -> str:
    """Return the type of event that says *Not interested*; empty where staff have none that speaks against an item."""
    with suppress(DatabaseDown):
        known = types.by_name()
        against = (name for name, kind in known.items() if kind.is_negative and kind.needs_item and not kind.rule.scale)
        fitting = [name for name in against if name not in OF_PURCHASES]
        return DISLIKE if DISLIKE in fitting else next(iter(fitting), "")
    return ""


@require_POST
def dismiss(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """Store that the visitor isn't interested, and offer to take that back where the title stood."""
    item = item_or_404(item_id)
    visitor = visitor_of(request) or become_new(request)
    act = events.Act(dismissal(), item.item_id, context=events.origin_of(request.GET).context)
    try:
        (event,) = events.record(request, visitor, act)
    except InvalidEvent as reason:
        return _said(request, " ".join(reason.errors.values()), status=422)
    if request.headers.get("HX-Request"):
        return render(request, "storefront/_gone.html", {"item": item, "event_id": event.event_id})
    return redirect(_with(_back(request), {OFF: str(event.event_id), OFF_ITEM: item.item_id}))


@require_POST
def undo(request: HttpRequest, item_id: str) -> HttpResponseBase:
    """Take back one thing that the visitor did with the item: by an event, so both stay in the log."""
    item, visitor = item_or_404(item_id), visitor_of(request)
    event_id = _uuid(request.POST.get("event", ""))
    if visitor is None or event_id is None or not _did(visitor, item, event_id):
        return _said(request, "That is not stored yet, or was taken back. Reload the page.", status=422)
    try:
        events.record(request, visitor, taking_back(item.item_id, event_id))
    except InvalidEvent as reason:
        return _said(request, " ".join(reason.errors.values()), status=422)
    if request.headers.get("HX-Target") == "reactions":
        context = reactions.panel(item, visitor, events.origin_of(request.POST), undone=event_id)
        return render(request, "storefront/_reactions.html", context | {"said": TAKEN_BACK})
    return _said(request, TAKEN_BACK)


def _did(visitor: Visitor, item: Item, event_id: UUID) -> bool:
    """Tell if the visitor did that with the item, and it still stands."""
    theirs = Interaction.objects.filter(user__user_id=visitor.user_id, item=item, event_id=event_id)
    return theirs.exclude(mark=Mark.TAKEN_BACK).exclude(type__name=UNDO).exists()


def taking_back(item_id: str, event_id: UUID) -> events.Act:
    """Return the act that takes another one back."""
    return events.Act(UNDO, item_id, context={UNDOES: str(event_id)})


def _said(request: HttpRequest, sentence: str, status: int = 200) -> HttpResponse:
    """Answer with a sentence: alone with htmx, else on the page that asked."""
    if request.headers.get("HX-Request"):
        response = render(request, "storefront/_said.html", {"said": sentence}, status=status)
        if status >= 400:
            response["HX-Reswap"] = "none"
        return response
    (messages.error if status >= 400 else messages.success)(request, sentence)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return the page that asked, if it is one of ours, without what an earlier press put behind it."""
    asked = request.POST.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else reverse("storefront:home")


def _with(address: str, more: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(more)}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
