"""API keys, checked against the database once every few seconds and remembered by this process in between."""

import hashlib
import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.utils import timezone

from recsite.platform import database
from recsite.platform.exceptions import Unavailable
from recsite.platform.models import ApiKey

OUTAGE_GRACE_SECS = 600.0
"""How long a key that was right goes on working while the database is gone."""
_FORM = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}")


@dataclass(frozen=True, slots=True)
class Caller:
    """A client of the API: the holder of a key, or a member of staff."""

    name: str
    key_id: str = ""
    """The prefix of the key, which everybody may see."""
    scopes: frozenset[str] = frozenset()
    """What the key may do; see `recsite.platform.access.Scope`."""
    staff: Any = None
    """The account of a member of staff who came by their session: they act by its permissions."""


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires: datetime | None
    verified: float

    def is_current(self) -> bool:
        return self.expires is None or timezone.now() < self.expires


_known: dict[bytes, _Known] = {}


def caller_of(key: str) -> Caller | None:
    """Return the holder of a key; None where it is unknown, revoked or expired. Raises Unavailable during an outage."""
    digest = hashlib.sha256(key.encode()).digest()
    known = _known.get(digest)
    if known is None or time.monotonic() - known.verified >= settings.API_KEY_CACHE_SECS:
        known = _verify(key, digest, known)
    return known.caller if known and known.is_current() else None


def forget() -> None:
    """Forget every key that was verified, for tests."""
    _known.clear()


def _verify(key: str, digest: bytes, known: _Known | None) -> _Known | None:
    if not _FORM.fullmatch(key):
        return None
    try:
        row = cast(ApiKey, database.ask(lambda: ApiKey.objects.get_from_key(key)))
    except ApiKey.DoesNotExist:
        _known.pop(digest, None)
        return None
    except database.DatabaseDown as error:
        if known and time.monotonic() - known.verified < OUTAGE_GRACE_SECS:
            return known
        raise Unavailable("API keys can't be checked at the moment. Try again in some seconds.") from error
    fresh = _Known(Caller(row.name, row.prefix, frozenset(row.scopes)), row.expiry_date, time.monotonic())
    _known[digest] = fresh
    return fresh
