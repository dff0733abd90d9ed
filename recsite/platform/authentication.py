"""Access to the API: by key, by a session or a token of staff, or for all where API_AUTH_REQUIRED is false."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recsite.platform import browser_access, keys, limits, lookups, staff_tokens
from recsite.platform.access import Access, Scope, needed
from recsite.platform.audit import Actor, Kind
from recsite.platform.clients import client_address, network
from recsite.platform.keys import Caller
from recsite.platform.limits import Bucket
from recsite.platform.log_privacy import hashed

SCHEME, BEARER = "Api-Key", "bearer"
HOW = "Send 'Authorization: Api-Key KEY'; keys are made in the admin or with 'manage.py create_api_key NAME'."

_CALLER = "recsite_caller"
"""The attribute of Django's request that says who was admitted."""

NEEDED = f"An API key is needed. {HOW}"


def identify(request: HttpRequest) -> Caller | None:
    """Return who the request comes from; None where it doesn't say. Raises AuthenticationFailed for a wrong key."""
    if not settings.API_AUTH_REQUIRED:
        return None
    if header := request.META.get("HTTP_AUTHORIZATION"):
        return _holder(request, header)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return _staff(request)
    return None


def admit(request: HttpRequest, takes_limit_along: bool = False) -> Caller | None:
    """Identify the caller. Raises NotAuthenticated for nobody, PermissionDenied for who may not do this, and 429."""
    if _route(request) in settings.API_OPEN:
        _charge_address(request)
        return None
    caller = identify(request)
    check_access(request, caller, takes_limit_along)
    return caller


def check_access(request: HttpRequest, caller: Caller | None, takes_limit_along: bool = False) -> None:
    """Refuse nobody where somebody is needed, a key without the scope and staff without the permission of the route.

    Staff act by their own permissions, here as in the admin. Routes, scopes and permissions stand in one table,
    API_ACCESS; a route that isn't there is for superusers alone.
    """
    if not settings.API_AUTH_REQUIRED:
        return
    if caller is None:
        _charge_address(request)
        raise NotAuthenticated(NEEDED)
    setattr(request, _CALLER, caller)
    need = needed(settings.API_ACCESS, _route(request), request.method or "")
    _charge(request, caller, need, takes_limit_along)
    if caller.staff is None:
        if caller.user:
            browser_access.check_address(request, need, caller)
        if need is None or need.scope not in caller.scopes:
            raise PermissionDenied(_lacking(need, caller))
        return
    lookups.mark()
    permission = need.permission if need else ""
    if not caller.staff.has_perm(permission):
        raise PermissionDenied(f"Your account lacks the permission {permission or 'of a superuser'}.")


def caller_of(request: HttpRequest) -> Caller | None:
    """Return who was admitted; None for nobody, or where no key is required."""
    found: Caller | None = getattr(request, _CALLER, None)
    return found


def is_from_a_page(request: HttpRequest) -> bool:
    """Tell if a page with a browser key sent the request: its headers are the visitor's own."""
    caller = caller_of(request)
    return bool(caller and caller.user)


def actor(request: HttpRequest | Request) -> Actor:
    """Return who makes a change by this request, for the record of changes. The request was admitted before."""
    caller = caller_of(request._request if isinstance(request, Request) else request)
    if caller is None:
        return Actor(Kind.SYSTEM, "anybody: no key is required here", "api")
    if caller.staff is not None:
        return Actor(Kind.STAFF, caller.name, "api")
    return Actor(Kind.KEY, f"{caller.name} ({caller.key_id})", "api")


def may_write(request: HttpRequest) -> bool:
    """Tell if who was admitted may send events, for a reading that writes when it is asked to."""
    caller = caller_of(request)
    if caller is None:
        return not settings.API_AUTH_REQUIRED
    if caller.staff is not None:
        return caller.staff.has_perm("interactions.add_interaction")
    return Scope.WRITE in caller.scopes


def may_operate(request: HttpRequest) -> bool:
    """Tell if who was admitted may operate the models, for a reading that shows more to those who may."""
    caller = caller_of(request)
    if caller is None:
        return not settings.API_AUTH_REQUIRED
    if caller.staff is not None:
        return caller.staff.has_perm("recommender.operate")
    return Scope.OPERATE in caller.scopes


def _charge(request: HttpRequest, caller: Caller, need: Access | None, takes_along: bool) -> None:
    """Count the request against the limit of its key and scope, or of its member of staff."""
    limit = settings.RATE_LIMIT_PER_KEY if caller.rate_limit is None else caller.rate_limit
    if limit and limits.is_on():
        # Added up: an f-string would ask the enumeration for its format, which takes longer than the rest.
        who = caller.key_id + ":" + (need.scope if need else "") if caller.staff is None else f"staff:{caller.staff.pk}"
        # All visitors of a shop have its one browser key.
        limits.charge(
            request, Bucket("key", f"{who}:{hashed(caller.user)}" if caller.user else who, limit), takes_along
        )


def _charge_address(request: HttpRequest) -> None:
    if limits.is_on():
        limits.charge(request, _address(request))


def _address(request: HttpRequest) -> Bucket:
    return Bucket("address", network(client_address(request)), settings.RATE_LIMIT_PER_ADDRESS)


def _lacking(need: Access | None, caller: Caller) -> str:
    if need is None:
        return "No key may do this; a superuser may."
    return f"The key lacks the scope {need.scope}. It has: {', '.join(sorted(caller.scopes)) or 'none'}."


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name if match else None) or ""


def _holder(request: HttpRequest, header: str) -> Caller:
    scheme, _, key = header.partition(" ")
    if scheme.lower() == BEARER:
        return _bearer(request, key.strip())
    if scheme.lower() != SCHEME.lower():
        _charge_address(request)
        raise AuthenticationFailed(f"This kind of Authorization is unknown. {HOW}")
    key = key.strip()
    if keys.is_publishable(key):
        return browser_access.caller_of(request, key, lambda: _guard(request, key), lambda: _charge_guess(request, key))
    caller = keys.caller_of(key)
    if caller is None:
        _guard(request, key)
        _charge_guess(request, key)
        raise AuthenticationFailed(f"The API key is wrong, revoked or expired. {HOW}")
    return caller


def _bearer(request: HttpRequest, token: str) -> Caller:
    """Accept a token of staff: a client sends it by its own will, so it needs no CSRF token."""
    try:
        user = staff_tokens.holder(token)
    except staff_tokens.WrongToken as error:
        _charge_address(request)
        raise AuthenticationFailed(str(error)) from error
    return Caller(user.get_username(), staff=user)


def _guard(request: HttpRequest, key: str) -> None:
    """Slow wrong keys by the address that they come from and by the key that they are at; right ones never."""
    if limits.is_on():
        limits.look(_address(request), _guesses(key))


def _charge_guess(request: HttpRequest, key: str) -> None:
    if limits.is_on():
        limits.take(_guesses(key))
        limits.charge(request, _address(request))


def _guesses(key: str) -> Bucket:
    return Bucket("guesses", key.partition(".")[0][:8], settings.RATE_LIMIT_PER_ADDRESS)


def _staff(request: HttpRequest) -> Caller | None:
    """Accept a session of staff. A browser sends cookies by itself, so unsafe methods need the CSRF token."""
    user = request.user
    if not (user.is_active and user.is_staff):
        return None
    SessionAuthentication().enforce_csrf(request)  # type: ignore[arg-type]  # it reads what both kinds of request have
    return Caller(user.get_username(), staff=user)


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the Caller."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        caller = identify(request._request)
        return (None, caller) if caller else None

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class ApiAccess(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        check_access(request._request, request.auth if isinstance(request.auth, Caller) else None)
        return True
