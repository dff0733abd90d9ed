"""Middleware for every request: plain functions, because the quickest answers take half a millisecond."""

import logging
import re
import time
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import structlog
import uuid_utils
from csp.utils import build_policy, default_config
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from recsite.platform import counting, handlers, lookups, ndjson, tracing
from recsite.platform.counting import METHODS
from recsite.platform.errors import Failure
from recsite.platform.log_privacy import loggable_path
from recsite.platform.policies import STRICT
from recsite.platform.request_body import BodyRefused, BodyTooLarge
from recsite.platform.series import noting

Handler = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger("recsite.access")
CONTENT_POLICY = build_policy(default_config(STRICT))
NO_TEXT = "The address holds bytes that are no UTF-8, such as %FF. Encode its text as UTF-8, then each byte as %XX."
NO_LENGTH = "The Content-Length is no number: give the length of the body in bytes, or leave the header out."
_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def request_log(get_response: Handler) -> Handler:
    """Name the request in X-Request-ID, in every log line written meanwhile, and in one line of its own; count it.

    The line has no query string, which may hold what nobody should read in a log, and hashes in place of user ids.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = _request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        structlog.contextvars.bind_contextvars(request_id=request_id)
        lookups.begin_request()
        response = get_response(request)
        response.headers["X-Request-ID"] = request_id
        ms = round((time.perf_counter() - started) * 1000, 2)
        if door := noting.request(request.path_info, response.status_code, ms / 1000):
            counting.request(request, door, response.status_code, ms / 1000)
        asked = {"method": request.method, "path": loggable_path(request)}
        if trace_id := tracing.current().trace_id():
            asked["trace_id"] = trace_id
        log.info({"event": "request", **asked, "status": response.status_code, "ms": ms, "request_id": request_id})
        return response

    return middleware


def _request_id(given: str) -> str:
    """Return the caller's id, so that its logs and ours meet; a new one where it has none, or could forge a line."""
    return given if _GOOD_ID.fullmatch(given) else str(uuid_utils.uuid7())


def known_methods(get_response: Handler) -> Handler:
    """Refuse invented methods: nothing behind this has to expect them."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method in METHODS:
            return get_response(request)
        allowed = ", ".join(sorted(METHODS))
        failure = Failure(405, f"There is no such method. Known: {allowed}.", headers={"Allow": allowed})
        return handlers.respond(request, failure)

    return middleware


def readable_address(get_response: Handler) -> Handler:
    """Refuse an address that is no UTF-8 (400): Django would put other characters in the place of its bytes."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # As it came, from gunicorn: in the path Django has put other characters already.
        address = request.META.get("RAW_URI") or request.META.get("QUERY_STRING", "")
        try:
            if "%" in address or not address.isascii():
                unquote_to_bytes(address.encode("latin-1")).decode()
        except UnicodeError:
            return handlers.respond(request, Failure(400, NO_TEXT))
        return get_response(request)

    return middleware


def content_policy(get_response: Handler) -> Handler:
    """Send the strict policy with what `policies.PagePolicy` doesn't meet, such as answers of the API.

    It is one text for all of them, since the quickest answers have no time to build one.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        return response

    return middleware


def body_limit(get_response: Handler) -> Handler:
    """Refuse a body over MAX_REQUEST_SIZE before anything reads it, and say so when reading one had to stop.

    Operations that take lines of JSON limit each line, and their number.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH")
        if length and not (length.isascii() and length.isdecimal()):
            # gunicorn refuses it by itself; under another server it would be an error of whoever counts the bytes.
            return handlers.respond(request, Failure(400, NO_LENGTH))
        if length and int(length) > settings.MAX_REQUEST_SIZE and not ndjson.is_taken(request):
            return _refuse(request, BodyTooLarge(settings.MAX_REQUEST_SIZE))
        response = get_response(request)
        # Whoever read the body may have taken the error for something else: a missing CSRF token, say.
        refused = getattr(request.META.get("wsgi.input"), "refused", None)
        return _refuse(request, refused) if refused else response

    return middleware


def _refuse(request: HttpRequest, refused: BodyRefused) -> HttpResponseBase:
    response = handlers.respond(request, Failure(refused.status, str(refused)))
    # Django's own middleware, which adds the length, has passed already.
    response.headers["Content-Length"] = str(len(response.content))
    return response
