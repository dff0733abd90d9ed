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
from recsite.platform.request_body import BodyRefused, BodyTooLarge

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
    """Refuse a body over MAX_REQUEST_SIZE before anything reads it, and say so when reading one had to stop."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH")
        if length and length.isdecimal() and int(length) > settings.MAX_REQUEST_SIZE:
            return _refuse(request, BodyTooLarge(settings.MAX_REQUEST_SIZE))
        response = get_response(request)
        # Whoever read the body may have taken the error for something else: a missing CSRF token, say.
        refused = getattr(request.META.get("wsgi.input"), "refused", None)
        return _refuse(request, refused) if refused else response

    return middleware


def _refuse(request: HttpRequest, refused: BodyRefused) -> HttpResponseBase:
    return handlers.respond(request, Failure(refused.status, str(refused)))
