"""Access to the API: by key, by a staff session with its permissions, or for all where API_AUTH_REQUIRED is false."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from recsite.platform import keys, lookups
from recsite.platform.access import Access, needed
from recsite.platform.audit import Actor, Kind
from recsite.platform.keys import Caller

SCHEME = "Api-Key"
HOW = "Send 'Authorization: Api-Key KEY'; keys are made in the admin or with 'manage.py create_api_key NAME'."

_CALLER = "recsite_caller"
"""The attribute of Django's request that says who was admitted."""

NEEDED = f"An API key is needed. {HOW}"


def identify(request: HttpRequest) -> Caller | None:
    """Return who the request comes from; None where it doesn't say. Raises AuthenticationFailed for a wrong key."""
    if not settings.API_AUTH_REQUIRED:
        return None
    if header := request.META.get("HTTP_AUTHORIZATION"):
        return _holder(header)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return _staff(request)
    return None


def admit(request: HttpRequest) -> Caller | None:
    """Identify the caller. Raises NotAuthenticated for nobody, and PermissionDenied for staff who may not do this."""
    caller = identify(request)
    check_access(request, caller)
    return caller


def check_access(request: HttpRequest, caller: Caller | None) -> None:
    """Refuse nobody where somebody is needed, a key without the scope and staff without the permission of the route.

    Staff act by their own permissions, here as in the admin. Routes, scopes and permissions stand in one table,
    API_ACCESS; a route that isn't there is for superusers alone.
    """
    if not settings.API_AUTH_REQUIRED:
        return
    if caller is None:
        raise NotAuthenticated(NEEDED)
    setattr(request, _CALLER, caller)
    need = needed(settings.API_ACCESS, _route(request), request.method or "")
    if caller.staff is None:
        if need is None or need.scope not in caller.scopes:
            raise PermissionDenied(_lacking(need, caller))
        return
    lookups.mark()
    permission = need.permission if need else ""
    if not caller.staff.has_perm(permission):
        raise PermissionDenied(f"Your account lacks the permission {permission or 'of a superuser'}.")


def actor(request: HttpRequest | Request) -> Actor:
    """Return who makes a change by this request, for the record of changes. The request was admitted before."""
    caller: Caller | None = getattr(request._request if isinstance(request, Request) else request, _CALLER, None)
    if caller is None:
        return Actor(Kind.SYSTEM, "anybody: no key is required here", "api")
    if caller.staff is not None:
        return Actor(Kind.STAFF, caller.name, "api")
    return Actor(Kind.KEY, f"{caller.name} ({caller.key_id})", "api")


def _lacking(need: Access | None, caller: Caller) -> str:
    if need is None:
        return "No key may do this; a superuser may."
    return f"The key lacks the scope {need.scope}. It has: {', '.join(sorted(caller.scopes)) or 'none'}."


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name if match else None) or ""


def _holder(header: str) -> Caller:
    scheme, _, key = header.partition(" ")
    if scheme.lower() != SCHEME.lower():
        raise AuthenticationFailed(f"This kind of Authorization is unknown. {HOW}")
    caller = keys.caller_of(key.strip())
    if caller is None:
        raise AuthenticationFailed(f"The API key is wrong, revoked or expired. {HOW}")
    return caller


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
