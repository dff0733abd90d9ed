"""What every request passes through. Plain functions, because the quickest answers take half a millisecond."""

import logging
import re
import time
from collections.abc import Callable

import structlog
import uuid_utils
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from recsite.platform import handlers
from recsite.platform.errors import Failure

Handler = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger("recsite.access")
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_log(get_response: Handler) -> Handler:
    """Names the request in X-Request-ID, in every log line written meanwhile, and in one line of its own.

    The line has no query string, which may hold what nobody should read in a log.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = _request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = get_response(request)
        response.headers["X-Request-ID"] = request_id
        ms = round((time.perf_counter() - started) * 1000, 2)
        facts = {"method": request.method, "path": request.path, "status": response.status_code, "ms": ms}
        log.info({"event": "request", **facts, "request_id": request_id})
        return response

    return middleware


def _request_id(given: str) -> str:
    """The caller's id, so that its logs and ours meet; a new one where it has none, or one that could forge a line."""
    return given if _GOOD_ID.fullmatch(given) else str(uuid_utils.uuid7())


def body_limit(get_response: Handler) -> Handler:
    """Refuses a body over MAX_REQUEST_SIZE before anything reads it (recsite.wsgi gives chunked bodies a length)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH")
        if length and length.isdecimal() and int(length) > settings.MAX_REQUEST_SIZE:
            return _too_large(request)
        return get_response(request)

    return middleware


def _too_large(request: HttpRequest) -> HttpResponseBase:
    message = f"The request is larger than {settings.MAX_REQUEST_SIZE:,} bytes. Send it in smaller parts."
    return handlers.respond(request, Failure(413, message))
