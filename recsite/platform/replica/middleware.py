"""Let requests whose answer may be a little old read from the replica; clients always see what they wrote.

Who has sent anything but GET is noted in Redis for as long as the replica may be behind. While Redis is away nobody
knows who wrote, so everything is read from the primary, and for the same time afterwards.
"""

import hashlib
import re
import time

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from recsite.platform import redis
from recsite.platform.clients import client_address
from recsite.platform.middleware import Handler
from recsite.platform.redis import RedisDown
from recsite.platform.replica import routing

KEY = "written:"
READS = frozenset({"GET", "HEAD"})
HARMLESS = READS | {"OPTIONS", "TRACE"}
PATHS = re.compile(
    r"/admin/[a-z]+/(?:[a-z]+/)?"
    r"|/api/v1/(?:items|users)"
    r"|/api/v1/(?:items|users)/.+/(?:interactions|statistics)"
    r"|/api/v1/(?:export|analytics)/\w+"
    r"|/api/v1/stats"
)
"""What may be a little old: lists and charts of the admin, lists, histories, exports and figures of the API.

Pages and operations that make somebody's list are not among them: what they read goes into Redis, and would stay.
"""

CREDENTIALS = ("HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_X_USER_TOKEN")


class ReadFromReplica:
    """Say for each request whether it may read from the replica, and note who writes."""

    def __init__(self, get_response: Handler) -> None:
        if not settings.DATABASE_READ_URL:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self._unknown_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in HARMLESS:
            try:
                return self.get_response(request)
            finally:
                self._note(request)
        is_meant = request.method in READS and PATHS.fullmatch(request.path_info) is not None
        with routing.reading(is_meant and not self._has_written(request)):
            return self.get_response(request)

    def _note(self, request: HttpRequest) -> None:
        try:
            redis.roundtrip(("SET", _key(request), 1, "PX", int(settings.DATABASE_READ_AFTER_WRITE_SECS * 1000)))
        except RedisDown:
            self._lose_track()

    def _has_written(self, request: HttpRequest) -> bool:
        try:
            (found,) = redis.roundtrip(("EXISTS", _key(request)))
        except RedisDown:
            self._lose_track()
            return True
        return bool(found) or time.monotonic() < self._unknown_until

    def _lose_track(self) -> None:
        self._unknown_until = time.monotonic() + settings.DATABASE_READ_AFTER_WRITE_SECS


def _key(request: HttpRequest) -> str:
    """Name the client by what it shows of itself, hashed: what it shows is secret. Else by its address."""
    shown = [request.META.get(name, "") for name in CREDENTIALS]
    shown.append(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    if not any(shown):
        shown = [client_address(request)]
    return KEY + hashlib.sha256("\n".join(shown).encode("utf-8", "replace")).hexdigest()
