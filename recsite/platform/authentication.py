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
from recsite.platform.keys import Caller

SCHEME = "Api-Key"
HOW = "Send 'Authorization: Api-Key KEY'; keys are made in the admin or with 'manage.py create_api_key NAME'."

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
    """Refuse nobody where somebody is needed, and staff whose account lacks the permission of the route.

    A key may do everything: it belongs to another system. Staff act by their own permissions, here as in the admin.
    Routes and permissions stand in one table, API_PERMISSIONS; a route that isn't there is for superusers alone.
    """
    if not settings.API_AUTH_REQUIRED:
        return
    if caller is None:
        raise NotAuthenticated(NEEDED)
    if caller.staff is None:
        return
    lookups.mark()
    needed = settings.API_PERMISSIONS.get(_route(request), "")
    if not caller.staff.has_perm(needed):
        raise PermissionDenied(f"Your account lacks the permission {needed or 'of a superuser'}.")


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
