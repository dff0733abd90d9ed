"""Access of web pages: a browser key, from its origins, acts for the user of a signed token and for nobody else."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from catalog.ids import InvalidId, clean_id
from recsite.platform import keys, user_tokens
from recsite.platform.access import Access, Browser
from recsite.platform.keys import Caller

HEADER = "X-User-Token"
ONLY = "A browser key can only send events and read lists, for the user of its token."
ANOTHER = "The user token names another user."


def caller_of(request: HttpRequest, prefix: str, guard: Callable[[], None], guessed: Callable[[], None]) -> Caller:
    """Return the caller of a web page. Raises AuthenticationFailed for a wrong key or token, PermissionDenied else.

    `guard` is called for a wrong key and may raise; `guessed` counts a wrong key or token.
    """
    key = keys.browser_key(prefix)
    if key is None:
        guard()
        guessed()
        raise AuthenticationFailed(
            "The browser key is wrong, revoked or expired. (Of another key, the part after the dot belongs to it.)"
        )
    if origin_of(request) not in key.origins:
        raise PermissionDenied("This browser key is bound to the origins of its pages, and this isn't one of them.")
    token = request.META.get("HTTP_X_USER_TOKEN", "")
    if not token:
        raise NotAuthenticated(f"A browser key needs the token of a user, in {HEADER}: your server signs it.")
    try:
        user_id = user_tokens.read(key.secret, token, time.time())
        return replace(key.caller, user=clean_id(user_id))
    except (user_tokens.WrongUserToken, InvalidId) as error:
        guessed()
        raise AuthenticationFailed(str(error)) from error


def origin_of(request: HttpRequest) -> str:
    """Return the origin of the page that asks; browsers leave it out where page and API have one origin."""
    if origin := request.META.get("HTTP_ORIGIN"):
        return str(origin)
    parts = urlsplit(request.META.get("HTTP_REFERER", ""))
    return f"{parts.scheme}://{parts.netloc}"


def check_address(request: HttpRequest, need: Access | None, caller: Caller) -> None:
    """Refuse what browser keys can't do, and the list of another user. Raises PermissionDenied."""
    if need is None or need.browser is None:
        raise PermissionDenied(ONLY)
    if need.browser is Browser.OWN_LIST:
        match = request.resolver_match
        _check_user(match.kwargs.get("user_id") if match else None, caller)


def check_body(body: Any, caller: Caller) -> None:
    """Refuse a body with events of another user. Raises PermissionDenied; what is no event at all is told later."""
    if isinstance(body, dict):
        events = body.get("events")
        for one in (body, *(events if isinstance(events, list) else ())):
            if isinstance(one, dict) and isinstance(one.get("user_id"), str):
                _check_user(one["user_id"], caller)


def _check_user(user_id: Any, caller: Caller) -> None:
    try:
        is_own = clean_id(str(user_id)) == caller.user
    except InvalidId:
        # The operation says what is wrong with it.
        return
    if not is_own:
        raise PermissionDenied(ANOTHER)
