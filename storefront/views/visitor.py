"""Keep the visitor in the session: the user that they chose to act as, or none."""

import re
from dataclasses import dataclass
from zlib import crc32

from django.http import HttpRequest

from catalog.erasure import ErasedUsers
from interactions.schema import new_event_id
from recsite.platform.models import Session

SESSION_KEY = "person"
VISITOR = "visitor-"
NAMED = re.compile(r"([a-z]+)-\d{4,}")
"""Ids of the demo's people: a first name, and a number that keeps those of one name apart."""

TONES = 6
"""How many colours a face can have; `templates/static/storefront/base.css` names them."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Describe a user, as the pages show one."""

    user_id: str

    @property
    def label(self) -> str:
        """Return a name: that of a demo's person, “Visitor” for one of ours, else the id that a system gave."""
        if self.user_id.startswith(VISITOR):
            return "Visitor"
        if named := NAMED.fullmatch(self.user_id):
            return named[1].capitalize()
        return f"Reader {self.user_id}" if self.user_id.isdecimal() else self.user_id

    @property
    def initial(self) -> str:
        return next((sign for sign in self.label if sign.isalnum()), "?")

    @property
    def tone(self) -> int:
        return crc32(self.user_id.encode()) % TONES


def visitor_of(request: HttpRequest) -> Visitor | None:
    """Return the user that this browser chose to act as."""
    user_id = request.session.get(SESSION_KEY)
    return Visitor(user_id) if user_id else None


def become(request: HttpRequest, user_id: str) -> Visitor:
    request.session[SESSION_KEY] = user_id
    return Visitor(user_id)


def become_new(request: HttpRequest) -> Visitor:
    """Act as a new user. The random part of a UUIDv7 keeps two new users apart."""
    return become(request, f"{VISITOR}{new_event_id().hex[-12:]}")


def on_erased(erased: ErasedUsers) -> None:
    """End the sessions in which a browser was one of these users. For ERASURE_SINKS."""
    theirs = [
        session.session_key
        for session in Session.objects.iterator(chunk_size=2_000)
        if session.get_decoded().get(SESSION_KEY) in erased.user_ids
    ]
    Session.objects.filter(session_key__in=theirs).delete()


def leave(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)
