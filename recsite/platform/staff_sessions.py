"""Tell where staff are signed in, by browsers and by tokens of the API, and end that.

The key of a session opens it, so no page has it: forms name a session by a digest.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from recsite.platform import audit, staff_tokens
from recsite.platform.audit import Actor
from recsite.platform.clients import client_address
from recsite.platform.models import Session, StaffLogin

KEY = "signed_in"
LONGEST_AGENT = 200
MOST = 200
REASON = "Ended from the list of sessions."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Hold one sign-in that goes on."""

    handle: str
    """What forms name it by."""
    account: User
    door: str
    """`admin` for a browser, `api` for tokens."""
    since: datetime | None
    address: str
    agent: str
    ends: datetime
    is_this: bool
    """Whether it is the one of whoever looks."""


def note(request: HttpRequest | None = None, **kwargs: Any) -> None:  # noqa: ARG001 - Django's signal
    """Keep in the session when and from where somebody signed in, for their own list of sessions."""
    if request is None:
        return
    about = request.META
    request.session[KEY] = {
        "at": timezone.now().isoformat(),
        "address": client_address(request) if about.get("REMOTE_ADDR") else "",
        "agent": about.get("HTTP_USER_AGENT", "")[:LONGEST_AGENT],
    }


def going_on(request: HttpRequest, of_everybody: bool) -> list[SignedIn]:
    """Return the sign-ins that go on, of everybody or of whoever looks, the latest first."""
    sessions, logins = _rows(request, of_everybody)
    accounts = User.objects.in_bulk({row.account_id for row in sessions if row.account_id})
    found = [
        _browser(row, accounts[row.account_id], request.session.session_key)
        for row in sessions
        if row.account_id in accounts
    ]
    found += [SignedIn(_api(one), one.user, "api", one.created_at, "", "", one.expires_at, False) for one in logins]
    return sorted(found, key=lambda one: one.since or one.ends, reverse=True)


def end(request: HttpRequest, handle: str, of_everybody: bool, *, actor: Actor) -> str:
    """End a sign-in that the list shows, and return whose it was; empty where it is over already."""
    sessions, logins = _rows(request, of_everybody)
    for row in sessions:
        if _digest(row) == handle:
            return _end(row, actor)
    for login in logins:
        if _api(login) == handle:
            staff_tokens.end(login, actor=actor, reason=REASON)
            return login.user.get_username()
    return ""


def _rows(request: HttpRequest, of_everybody: bool) -> tuple[list[Session], list[StaffLogin]]:
    now = timezone.now()
    sessions: QuerySet[Any] = Session.objects.filter(account_id__isnull=False, expire_date__gt=now)
    logins = StaffLogin.objects.filter(revoked_at=None, expires_at__gt=now).select_related("user")
    if not of_everybody:
        sessions, logins = sessions.filter(account_id=request.user.pk), logins.filter(user=request.user.pk)
    return list(sessions.order_by("-expire_date")[:MOST]), list(logins.order_by("-created_at")[:MOST])


def _end(row: Session, actor: Actor) -> str:
    account = User.objects.filter(pk=row.account_id or 0).first()
    name = account.get_username() if account else ""
    with transaction.atomic():
        row.delete()
        audit.record(actor, "staff.sign_out", "staff", name, reason=REASON)
    return name


def _browser(row: Session, account: User, own: str | None) -> SignedIn:
    about = row.get_decoded().get(KEY, {})
    since = parse_datetime(about["at"]) if "at" in about else None
    address, agent = about.get("address", ""), about.get("agent", "")
    return SignedIn(_digest(row), account, "admin", since, address, agent, row.expire_date, row.session_key == own)


def _digest(row: Session) -> str:
    return hashlib.sha256(row.session_key.encode()).hexdigest()[:32]


def _api(login: StaffLogin) -> str:
    return f"api-{login.pk.hex}"
