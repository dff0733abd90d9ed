"""Make, change, rotate and revoke API keys: each of these is recorded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from recsite.platform import audit
from recsite.platform.access import DEFAULT_SCOPES, Scope
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.platform.models import ApiKey
from recsite.platform.origins import is_origin
from recsite.platform.rotation import OVERLAP, check_overlap
from recsite.platform.values import in_order

LONGEST_NAME = 50
MOST_ORIGINS = 20
BROWSER_SCOPES = (Scope.READ, Scope.WRITE)
RECORDED = ("name", "owner", "scopes", "expiry_date", "revoked", "rate_limit", "origins")
OBJECT = "api_key"


@dataclass(frozen=True)
class KeySettings:
    """Say what a new key is for and what it may do."""

    name: str
    scopes: Iterable[str] = DEFAULT_SCOPES
    owner: str = ""
    expiry_date: datetime | None = None
    rate_limit: int | None = None
    is_browser: bool = False
    origins: Iterable[str] = ()


def create(asked: KeySettings, actor: Actor) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which nothing stores. Raises Invalid."""
    key = ApiKey(
        name=asked.name.strip(),
        scopes=sorted_scopes(asked.scopes),
        owner=asked.owner.strip(),
        expiry_date=asked.expiry_date,
        rate_limit=asked.rate_limit,
        is_browser=asked.is_browser,
        origins=list(dict.fromkeys(asked.origins)),
    )
    check(key)
    return key, _insert(key, "key.create", actor)


def rotate(key: ApiKey, actor: Actor, overlap: timedelta = OVERLAP) -> tuple[ApiKey, str]:
    """Make the successor of a key, with all that it has, and let the old one work for as long as the overlap."""
    check_overlap(overlap)
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        if old.revoked or old.has_expired:
            raise UserFacingError("This key works no more, so there is nothing to rotate: make a new one.")
        same = {name: getattr(old, name) for name in (*RECORDED, "is_browser") if name != "revoked"}
        successor = ApiKey(**same)
        text = _insert(successor, "key.create", actor, reason=f"Takes the place of {old.prefix}.")
        ends = timezone.now() + overlap
        _change(old, {"expiry_date": min(ends, old.expiry_date or ends)}, "key.rotate", actor, successor.prefix)
    return successor, text


def change(key: ApiKey, actor: Actor) -> None:
    """Store an edited key, such as a form brings. Raises Invalid."""
    check(key)
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        if old.revoked:
            raise UserFacingError("This key is revoked, which nobody can undo: make a new one.")
        now = {name: getattr(key, name) for name in RECORDED}
        _change(old, now, "key.revoke" if key.revoked else "key.change", actor)


def revoke(key: ApiKey, actor: Actor) -> None:
    """End a key for good: every process refuses it within API_KEY_CACHE_SECS."""
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().get(pk=key.pk)
        _change(old, {"revoked": True}, "key.revoke", actor)


def delete(keys: Iterable[ApiKey], actor: Actor) -> None:
    """Take keys away with their rows."""
    with transaction.atomic():
        for key in keys:
            audit.record(actor, "key.delete", OBJECT, key.prefix, before=_fields(key))
            key.delete()


def check(key: ApiKey) -> None:
    """Raise Invalid with a sentence for each field that is wrong."""
    wrong = {name: sentence for name, is_wrong, sentence in _RULES if is_wrong(key)}
    if wrong:
        raise Invalid(wrong)


def sorted_scopes(scopes: Iterable[str]) -> list[str]:
    """Return scopes as they are stored: each once, in the order of Scope."""
    return in_order(scopes, tuple(Scope))


_RULES: tuple[tuple[str, Callable[[ApiKey], bool], str], ...] = (
    (
        "name",
        lambda key: not 1 <= len(key.name) <= LONGEST_NAME,
        f"Give the key a name of 1 to {LONGEST_NAME} characters.",
    ),
    (
        "scopes",
        lambda key: not key.scopes or not set(key.scopes) <= set(Scope),
        f"Choose one or more of {', '.join(Scope)}.",
    ),
    (
        "scopes",
        lambda key: key.is_browser and not set(key.scopes) <= set(BROWSER_SCOPES),
        f"A browser key may have {' and '.join(BROWSER_SCOPES)} alone.",
    ),
    (
        "origins",
        lambda key: key.is_browser and not 1 <= len(key.origins) <= MOST_ORIGINS,
        f"A browser key needs the origins of its pages, 1 to {MOST_ORIGINS} of them, such as https://shop.example.",
    ),
    ("origins", lambda key: bool(key.origins) and not key.is_browser, "Only a browser key is bound to origins."),
    (
        "origins",
        lambda key: not all(map(is_origin, key.origins)),
        "An origin is a scheme and a host, and nothing behind them, such as https://shop.example.",
    ),
)


def _insert(key: ApiKey, verb: str, actor: Actor, reason: str = "") -> str:
    with transaction.atomic():
        text = str(ApiKey.objects.assign_key(key))
        key.save()
        audit.record(actor, verb, OBJECT, key.prefix, after=_fields(key), reason=reason)
    return text


def _change(old: ApiKey, now: dict[str, Any], verb: str, actor: Actor, reason: str = "") -> None:
    before = _fields(old)
    for name, value in now.items():
        setattr(old, name, value)
    old.save(update_fields=list(now))
    audit.record_change(actor, verb, OBJECT, old.prefix, before=before, after=_fields(old), reason=reason)


def _fields(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in (*RECORDED, "is_browser")}
