"""One shape for every error: {"error": {"code", "message", "details"}, "request_id", "timestamp"}."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.response import Response

from recsite.platform.database import TOO_BUSY, DatabaseDown, is_outage
from recsite.platform.error_shape import CODES, NO_STORE, error_shape
from recsite.platform.exceptions import Conflict, Invalid, Unavailable, UserFacingError
from recsite.platform.redis import RedisDown

logger = logging.getLogger(__name__)
RETRY_AFTER_SECS = 5
MOST_NAMED, LONGEST_NAME = 20, 100
"""Wrong fields that an answer names, and the characters of a name."""

OUTAGE = "Something the answer depends on is gone for the moment. Try again in some seconds."
OUTAGES = (Unavailable, OperationalError, InterfaceError, DatabaseDown, RedisDown)


@dataclass(frozen=True)
class Failure:
    """An error as the client sees it: `message` says what is wrong and what to do; `details` are by field."""

    status: int
    message: str
    details: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside Cache-Control: nobody may keep an error, which the next moment may end."""
    own_code: str = ""
    """Says more than the status does."""

    @property
    def code(self) -> str:
        """Return the word that stands in the answer for what went wrong."""
        return self.own_code or CODES.get(self.status, "bad_request")

    def all_headers(self) -> dict[str, str]:
        """Return the headers of the answer, whatever its shape."""
        return {"Cache-Control": NO_STORE, **self.headers}

    def body(self) -> dict[str, Any]:
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        return error_shape(self.status, self.message, self.details, request_id, self.code)

    def as_json(self) -> JsonResponse:
        return JsonResponse(self.body(), status=self.status, headers=self.all_headers())


def explain(error: BaseException | None) -> Failure | None:
    """Return what the client is told about `error`; None where it is a mistake of ours, for the log alone."""
    if isinstance(error, Invalid):
        return _invalid(error.errors, 409 if isinstance(error, Conflict) else 422)
    if isinstance(error, ValidationError):
        return _invalid(dict(_flat(error.detail)))
    if isinstance(error, APIException):
        return Failure(error.status_code, _sentence(error), headers=_headers(error))
    if isinstance(error, Http404):
        return Failure(404, str(error) if error.args else str(NotFound.default_detail))
    if isinstance(error, UnreadablePostError):
        return Failure(400, "The body of the request did not arrive whole. Send it again.")
    if isinstance(error, PermissionDenied):
        return Failure(403, str(error) or "You may not do this.")
    if isinstance(error, OUTAGES):
        return unavailable(error)
    if isinstance(error, UserFacingError):
        return Failure(409, str(error), own_code=error.code)
    return None


def answered(
    act: Callable[[], HttpResponseBase], refuse: Callable[[Failure], HttpResponseBase] = Failure.as_json
) -> HttpResponseBase:
    """Return what an operation answers, or the answer that explains why it can't. Mistakes of ours are raised."""
    try:
        return act()
    except Exception as error:
        if (failure := explain(error)) is None:
            # Django writes it into the log and answers 500; the metrics count both.
            raise
        return refuse(failure)


def unavailable(error: BaseException) -> Failure:
    """Return a 503; a statement that took too long is told apart from a server that is gone."""
    logger.warning("Something we depend on can't answer: %s", error)
    too_busy = isinstance(error, OperationalError) and not is_outage(error)
    sentence = str(error) if isinstance(error, Unavailable) else TOO_BUSY if too_busy else OUTAGE
    return Failure(503, sentence, headers={"Retry-After": str(RETRY_AFTER_SECS)})


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:  # noqa: ARG001 - DRF's signature
    """Answer for an exception; REST framework's EXCEPTION_HANDLER."""
    failure = explain(error)
    return Response(failure.body(), status=failure.status, headers=failure.all_headers()) if failure else None


def _invalid(errors: Mapping[str, str], status: int = 422) -> Failure:
    """Name the first MOST_NAMED wrong fields, and how many more there are: no answer outgrows what was sent."""
    named = {name[:LONGEST_NAME]: reason for name, reason in islice(errors.items(), MOST_NAMED)}
    message = " ".join(f"{name}: {reason}" for name, reason in named.items())
    more = f" {len(errors) - MOST_NAMED:,} more fields are wrong." if len(errors) > MOST_NAMED else ""
    return Failure(status, message + more, named)


def _sentence(error: APIException) -> str:
    detail = error.detail
    return str(detail) if isinstance(detail, str) else " ".join(reason for _, reason in _flat(detail))


def _headers(error: APIException) -> dict[str, str]:
    headers = {"WWW-Authenticate": "Api-Key"} if error.status_code == 401 else {}
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the sentences of a nested ValidationError with the path to their field: ("items.0.title", "...")."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list) and all(isinstance(inner, str) for inner in detail):
        yield path or "body", " ".join(map(str, detail))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{position}" if path else str(position))
    else:
        yield path or "body", str(detail)
