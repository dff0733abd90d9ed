"""What the visitor does becomes an event, with where on the pages it began."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from catalog.erasure import SENTENCE
from catalog.models import Item
from interactions import types
from interactions.producers import EventLogUnavailable, produce
from interactions.schema import Event, InvalidEvent, parse
from storefront.views.visitor import Visitor

SOURCE = "storefront"
SHELVES = {"for-you", "history", "popular", "new", "similar", "browse", "search"}
_PLACE = re.compile(r"[0-9]{1,4}")
_LIST = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROBOT = re.compile(r"bot\b|crawl|spider|slurp|preview|headlesschrome-lighthouse|facebookexternalhit|curl|wget", re.I)


@dataclass(frozen=True, slots=True)
class Origin:
    """The shelf and the place on it that led here; empty for somebody who came by the address alone."""

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
        """What brings it back from an address."""
        if not self.source:
            return {}
        shown = {"rec": self.shown_as} if self.shown_as else {}
        return {"from": self.source, "at": str(self.position), **shown}


def origin_of(fields: Mapping[str, str]) -> Origin:
    """What `cards.card` wrote into the link; anything else is no origin."""
    source, place = fields.get("from", ""), fields.get("at", "")
    if source not in SHELVES or not _PLACE.fullmatch(place):
        return Origin()
    shown_as = fields.get("rec", "")
    return Origin(source, int(place), shown_as if _LIST.fullmatch(shown_as) else "")


def record(visitor: Visitor, item: Item, kind: str, value: float | None, origin: Origin) -> Event:
    """Stores the event. Raises InvalidEvent or EventLogUnavailable, each with its reason."""
    raw = {
        "user_id": visitor.user_id,
        "item_id": item.item_id,
        "type": kind,
        "value": value,
        "context": origin.context,
    }
    event = parse(raw, types.rules(), timezone.now(), settings.MAX_EVENT_CONTEXT_BYTES)
    if produce([event], source=SOURCE).erased:
        raise InvalidEvent({"user_id": SENTENCE})
    return event


def record_view(request: HttpRequest, visitor: Visitor | None, item: Item) -> None:
    """A person opened the item's page. A page is shown also where the event can't be stored."""
    if visitor and _is_a_look(request):
        with suppress(InvalidEvent, EventLogUnavailable):
            record(visitor, item, "view", None, origin_of(request.GET))


def _is_a_look(request: HttpRequest) -> bool:
    """Whether somebody looks at it: no robot, no browser that fetches ahead, nobody on the way back from a form."""
    headers = request.headers
    ahead = "prefetch" in f"{headers.get('Sec-Purpose', '')} {headers.get('Purpose', '')} {headers.get('X-Moz', '')}"
    robot = _ROBOT.search(headers.get("User-Agent", ""))
    came_back = _path_of(headers.get("Referer", "")) == request.path
    return request.method == "GET" and not (ahead or robot or came_back)


def _path_of(address: str) -> str:
    """Return the path of an address; empty where it is none, such as http://[ of a hostile client."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""
