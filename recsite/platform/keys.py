"""API keys, checked against the database once every few seconds and remembered by this process in between."""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from recsite.platform import database
from recsite.platform.exceptions import Unavailable
from recsite.platform.models import ApiKey

logger = logging.getLogger(__name__)
OUTAGE_GRACE_SECS = 600.0
"""How long a key that was right goes on working while the database is gone."""

USE_NOTED_EVERY = timedelta(minutes=1)
WHOLE_BROWSER_KEY = (
    "This is a whole browser key. Web pages send the part before the dot alone, with a user token; the part after it "
    "stays on your server. If it was in a page, rotate the key."
)
_FORM = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}")
_PREFIX = re.compile(r"[A-Za-z0-9]{8}")


@dataclass(frozen=True, slots=True)
class Caller:
    """A client of the API: the holder of a key, or a member of staff."""

    name: str
    key_id: str = ""
    """The prefix of the key, which everybody may see."""
    scopes: frozenset[str] = frozenset()
    """What the key may do; see `recsite.platform.access.Scope`."""
    staff: Any = None
    """The account of a member of staff who came by their session or token: they act by its permissions."""
    rate_limit: int | None = None
    """Requests a minute that the key has of its own; 0 stands for no limit, None for what the settings say."""
    user: str = ""
    """Of a browser key: the user whom the signed token names. Nobody else's events and lists are open to it."""


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires: datetime | None
    verified: float
    is_browser: bool
    origins: tuple[str, ...]
    secret: str

    def is_current(self) -> bool:
        return self.expires is None or timezone.now() < self.expires


_known: dict[bytes, _Known] = {}
_origins: list[Any] = [frozenset(), 0.0]
"""The origins of browser keys, and when they were read."""


@dataclass(frozen=True, slots=True)
class BrowserKey:
    """Hold what is needed to judge a request that a web page made."""

    caller: Caller
    origins: tuple[str, ...]
    secret: str


def caller_of(key: str) -> Caller | None:
    """Return the holder of a key; None where it is unknown, revoked or expired. Raises Unavailable during an outage.

    Each key that this process hasn't seen to be right is looked up, by an index: only the answer tells guesses from
    right keys, whose holders aren't slowed for the guesses of others.
    """
    known = _find(key, _FORM, lambda: cast(ApiKey, ApiKey.objects.get_from_key(key)))
    if known and known.is_browser:
        raise AuthenticationFailed(WHOLE_BROWSER_KEY)
    return known.caller if known else None


def browser_key(prefix: str) -> BrowserKey | None:
    """Return the browser key with this prefix; None where there is none that works. Raises Unavailable."""
    known = _find(prefix, _PREFIX, lambda: ApiKey.objects.get(prefix=prefix, is_browser=True, revoked=False))
    return BrowserKey(known.caller, known.origins, known.secret) if known else None


def is_publishable(key: str) -> bool:
    """Tell if the text has the form of the part of a browser key that web pages send."""
    return _PREFIX.fullmatch(key) is not None


def browser_origins() -> frozenset[str]:
    """Return the origins of all browser keys that work, as of the last seconds."""
    known, read = _origins
    if not read or time.monotonic() - read >= settings.API_KEY_CACHE_SECS:
        works = Q(expiry_date=None) | Q(expiry_date__gt=timezone.now())
        rows = ApiKey.objects.filter(works, is_browser=True, revoked=False)
        with suppress(database.DatabaseDown):
            lists = database.ask(lambda: list(rows.values_list("origins", flat=True)))
            known = frozenset(origin for origins in lists for origin in origins)
        _origins[:] = known, time.monotonic()
    return known


def forget() -> None:
    """Forget every key that was verified, for tests."""
    _known.clear()
    _origins[:] = frozenset(), 0.0


def _find(key: str, form: re.Pattern[str], look_up: Callable[[], ApiKey]) -> _Known | None:
    digest = hashlib.blake2b(key.encode(), digest_size=32).digest()
    known = _known.get(digest)
    if known is None or time.monotonic() - known.verified >= settings.API_KEY_CACHE_SECS:
        known = _verify(digest, known, look_up) if form.fullmatch(key) else None
    return known if known and known.is_current() else None


def _verify(digest: bytes, known: _Known | None, look_up: Callable[[], ApiKey]) -> _Known | None:
    try:
        row = database.ask(look_up)
    except ApiKey.DoesNotExist:
        _known.pop(digest, None)
        return None
    except database.DatabaseDown as error:
        if known and time.monotonic() - known.verified < OUTAGE_GRACE_SECS:
            return known
        raise Unavailable("API keys can't be checked at the moment. Try again in some seconds.") from error
    fresh = _Known(
        Caller(row.name, row.prefix, frozenset(row.scopes), rate_limit=row.rate_limit),
        row.expiry_date,
        time.monotonic(),
        row.is_browser,
        tuple(row.origins),
        row.signing_secret,
    )
    _known[digest] = fresh
    if fresh.is_current():
        _note_use(row)
    return fresh


def _note_use(row: ApiKey) -> None:
    """Write down that the key is in use, once a minute at most, and not while a client waits for it."""
    if row.last_used_at and timezone.now() - row.last_used_at < USE_NOTED_EVERY:
        return
    if settings.NOTE_KEY_USE_IN_BACKGROUND:
        threading.Thread(target=_write_use, args=(row.pk, True), daemon=True, name="use of a key").start()
    else:
        _write_use(row.pk, False)


def _write_use(pk: str, has_own_connection: bool) -> None:
    now = timezone.now()
    # Of several processes that note the same minute, one writes.
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    try:
        database.ask(lambda: ApiKey.objects.filter(is_due, pk=pk).update(last_used_at=now))
    except (database.DatabaseDown, DatabaseError) as fault:
        logger.warning("The use of a key can't be noted: %s", fault)
    finally:
        if has_own_connection:
            connection.close()
