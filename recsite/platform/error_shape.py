"""The one shape of an error in JSON. Light, because the web server answers with it before there is a Django."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NO_STORE = "private, no-store"
"""Cache-Control of whatever is of one user, or true for this moment alone."""

CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    413: "too_large",
    414: "address_too_long",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
}


def error_shape(
    status: int, message: str, details: Mapping[str, str], request_id: str | None, code: str = ""
) -> dict[str, Any]:
    """Return {"error": {"code", "message", "details"}, "request_id", "timestamp"}; the status has a code of its own."""
    return {
        "error": {"code": code or CODES.get(status, "bad_request"), "message": message, "details": dict(details)},
        "request_id": request_id,
        "timestamp": datetime.now(UTC).isoformat(),
    }
