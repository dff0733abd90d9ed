"""Send the events of visitors, with the shelf and the position where they began."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from catalog.erasure import SENTENCE
from catalog.models import Item
from interactions import types
from interactions.marking import flags_of, is_crawler
from interactions.producers import EventLogUnavailable, produce
from interactions.schema import Event, InvalidEvent, parse
from recsite.platform.clients import client_address
from storefront.views.visitor import Visitor

SOURCE = "storefront"
SHELVES = {"for-you", "history", "trending", "popular", "new", "similar", "together", "browse", "search", "basket"}
_PLACE = re.compile(r"[0-9]{1,4}")
_LIST = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Origin:
    """Name the shelf and the position on it that led here; empty for a visitor who came by the address alone."""

    source: str = ""
    position: int = 0
    shown_as: str = ""
    """The recommendation_id of the list, where it was one."""

    @property
    def context(self) -> dict[str, Any]:
        if not self.source:
            return {}
        shown = {"recommendation_id": self.shown_as} if self.shown_as else {}
        return {"source": self.source, "position": self.position, **shown}

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters that bring the origin back from an address."""
        if not self.source:
            return {}
        shown = {"rec": self.shown_as} if self.shown_as else {}
        return {"from": self.source, "at": str(self.position), **shown}


def origin_of(fields: Mapping[str, str]) -> Origin:
    """Return the origin that `cards.card` wrote into the link; an empty one for anything else."""
    source, place = fields.get("from", ""), fields.get("at", "")
    if source not in SHELVES or not _PLACE.fullmatch(place):
        return Origin()
    shown_as = fields.get("rec", "")
    return Origin(source, int(place), shown_as if _LIST.fullmatch(shown_as) else "")


@dataclass(frozen=True, slots=True)
class Act:
    """Say what a visitor did, and with which item."""

    type: str
    item_id: str = ""
    """Empty where the type is about none."""
    value: float | None = None
    context: Mapping[str, Any] = field(default_factory=dict)


def record(request: HttpRequest, visitor: Visitor, *acts: Act) -> list[Event]:
    """Store events, all or none, marked as by the API for what the request says: a crawler, an address of staff.

    Raise InvalidEvent or EventLogUnavailable, each with its reason.
    """
    flags = flags_of(request.headers.get("User-Agent", ""), client_address(request))
    events = [_event(visitor, act, flags) for act in acts]
    outcome = produce(events, source=SOURCE)
    if outcome.erased:
        raise InvalidEvent({"user_id": SENTENCE})
    return events


def _event(visitor: Visitor, act: Act, flags: Mapping[str, bool]) -> Event:
    raw = {"user_id": visitor.user_id, "type": act.type, "value": act.value, "context": {**act.context, **flags}}
    named = raw | ({"item_id": act.item_id} if act.item_id else {})
    return parse(named, types.rules(), timezone.now(), settings.MAX_EVENT_CONTEXT_BYTES)


def record_view(request: HttpRequest, visitor: Visitor | None, item: Item) -> None:
    """Store that the item's page was opened. The page is shown even where the event can't be stored."""
    if visitor and _is_a_look(request):
        with suppress(InvalidEvent, EventLogUnavailable):
            record(request, visitor, Act("view", item.item_id, context=origin_of(request.GET).context))


def _is_a_look(request: HttpRequest) -> bool:
    """Return False for a robot, a browser that fetches ahead and a visitor who comes back from a form."""
    headers = request.headers
    ahead = "prefetch" in f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}"
    robot = is_crawler(headers.get("User-Agent", ""))
    came_back = _path_of(headers.get("Referer", "")) == request.path
    return request.method == "GET" and not (ahead or robot or came_back)


def _path_of(address: str) -> str:
    """Return the path of an address; empty where it is none, such as http://[ of a hostile client."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""
