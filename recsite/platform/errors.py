"""One shape for every error: {"error": {"code", "message", "details"}, "request_id", "timestamp"}."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.http import JsonResponse
from django.utils import timezone


def body(code: str, message: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON of an error. `message` is one sentence: what is wrong, and what to do; `details` tells more by field."""
    return {
        "error": {"code": code, "message": message, "details": dict(details or {})},
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "timestamp": timezone.now().isoformat(),
    }


def respond(status: int, code: str, message: str, details: Mapping[str, Any] | None = None) -> JsonResponse:
    return JsonResponse(body(code, message, details), status=status)
