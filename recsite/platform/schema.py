"""Parts of the API's description that every operation has, or that drf-spectacular can't find out by itself."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import Resolver404, resolve
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from recsite.platform.access import Access, Scope, needed
from recsite.platform.error_shape import CODES
from recsite.platform.paging import DEFAULT_SIZE, LARGEST_SIZE
from recsite.platform.values import Text

PROBLEMS = {
    400: (
        "The address or the body is no UTF-8, or the body is no JSON.",
        "The body must be JSON in UTF-8; this breaks off or is no JSON at line 1, column 1.",
    ),
    401: ("The API key is missing, wrong, revoked or expired.", "An API key is needed. Send 'Authorization: ...'."),
    403: ("A session lacks the permission or the CSRF token.", "Your account lacks the permission catalog.view_item."),
    404: ("There is no such thing.", "There is no item 'gone-with-the-wind'."),
    406: ("The Accept header allows no JSON.", "Could not satisfy the request Accept header."),
    408: ("The request did not arrive in time.", "The request did not arrive within 10 seconds. Send it again, ..."),
    409: (
        "It contradicts what is there already, or its user was erased (code `erased`).",
        "event_id: Another event has this id and time.",
    ),
    413: ("The body is too large.", "The request is larger than 10,485,760 bytes. Send it in smaller parts."),
    414: ("The address is longer than 8,190 bytes.", "The address is too long. Send fewer parameters."),
    415: ("The body is not of type application/json.", 'Unsupported media type "text/plain" in request.'),
    422: ("Well-formed, but a value or a name is wrong.", "limit: A whole number from 1 to 200 is needed."),
    429: (
        "Over the limit of requests: see Retry-After.",
        "Too many requests: 1,000 a minute are allowed here. Try again in 1 second.",
    ),
    503: (
        "Something we depend on is gone: see Retry-After.",
        "Events can't be stored at the moment.",
    ),
}


ALWAYS = (400, 401, 403, 406, 408, 414, 422, 429, 503)
"""Any operation may be asked at an address that is no UTF-8, without a key or permission, for something else than JSON,
too slowly, at a long address, wrongly, too often, and in an outage."""


_PLACE = re.compile(r"\{\w+\}")
BUSY = "A request with the same Idempotency-Key is under way."
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "A text of your own, such as a UUID: for 24 hours the same request with the same key is done once, "
    "and answered as it was the first time (with `Idempotent-Replayed: true`).",
}


BROWSER_SCHEMES = {
    "BrowserKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Api-Key PREFIX`: the part before the dot of a browser key, from a page of one of its origins.",
    },
    "UserToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-User-Token",
        "description": "The user of the page, signed by the shop's server with the part after the dot.",
    },
}


class ErrorDetail(serializers.Serializer):
    code = serializers.CharField(help_text="Such as invalid, unauthenticated, not_found, unavailable.")
    message = serializers.CharField(help_text="What is wrong, and what to do.")
    details = serializers.DictField(child=serializers.CharField(), help_text="A sentence for each wrong field.")


class Error(serializers.Serializer):
    """Every error looks like this."""

    error = ErrorDetail()
    request_id = serializers.CharField(help_text="As in the X-Request-ID header: find it in the log.")
    timestamp = serializers.DateTimeField()


def problems(*statuses: int) -> dict[int, OpenApiResponse]:
    """Return the errors of an operation: those in ALWAYS, and `statuses`."""
    return {status: _problem(status) for status in sorted({*ALWAYS, *statuses})}


def _problem(status: int) -> OpenApiResponse:
    description, message = PROBLEMS[status]
    details = {"limit": "A whole number from 1 to 200 is needed."} if status == 422 else {}
    example = {
        "error": {"code": CODES[status], "message": message, "details": details},
        "request_id": "01a20744-cc17-7522-810d-23d7e9938751",
        "timestamp": "2026-05-01T12:00:00+00:00",
    }
    return OpenApiResponse(Error, description, [OpenApiExample(CODES[status], example)])


def parameter(name: str, kind: Any, description: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=description, **more)


def in_path(name: str, schema: Mapping[str, Any], description: str, example: Any = None) -> OpenApiParameter:
    """Describe a part of the address; the example is the one that the answers' examples speak of."""
    told = {} if example is None else {"examples": [example]}
    return OpenApiParameter(name, {**schema, **told}, OpenApiParameter.PATH, description=description)


PAGING = [
    parameter(
        "limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE}, "Page size."
    ),
    parameter("cursor", Text().schema(), "The `next_cursor` of the page before."),
]


def require_bodies(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every body that it can't be left out, but of a POST's objects that need no field.

    A hook of drf-spectacular.
    """
    for methods in result["paths"].values():
        for method, operation in methods.items():
            if "requestBody" in operation:
                schemas = [content.get("schema", {}) for content in operation["requestBody"]["content"].values()]
                operation["requestBody"]["required"] = method != "post" or not all(map(_needs_nothing, schemas))
    return result


def _needs_nothing(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and not schema.get("required")


def describe_idempotency(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every POST that does more than read that it takes an Idempotency-Key. A hook of drf-spectacular."""
    for path, methods in result["paths"].items():
        if "post" in methods and _changes(path):
            methods["post"].setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            methods["post"]["responses"].setdefault("409", methods["post"]["responses"]["422"] | {"description": BUSY})
    return result


def describe_browser_keys(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the way in of web pages to the operations that browser keys may ask. A hook of drf-spectacular."""
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            need = _need(path, method.upper())
            if need is not None and need.browser is not None:
                operation["security"] = [*operation.get("security", []), {name: [] for name in BROWSER_SCHEMES}]
    result.get("components", {}).setdefault("securitySchemes", {}).update(BROWSER_SCHEMES)
    return result


def _changes(path: str) -> bool:
    need = _need(path, "POST")
    return need is not None and need.scope != Scope.READ


def _need(path: str, method: str) -> Access | None:
    try:
        name = resolve(_PLACE.sub("1", path)).url_name
    except Resolver404:
        return None
    return needed(settings.API_ACCESS, name or "", method)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library has no types here
    target_class = "recsite.platform.authentication.ApiKeyAuthentication"
    name = ["ApiKey", "StaffToken", "StaffSession"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """Return one requirement for each way: any of them is enough."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Api-Key KEY`, with a key from the admin or from `manage.py create_api_key NAME`.",
            },
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "An access token of a member of staff, from `POST /api/v1/auth/token`.",
            },
            {
                "type": "apiKey",
                "in": "cookie",
                "name": settings.SESSION_COOKIE_NAME,
                "description": "Staff who are signed in to the admin; what changes something needs the CSRF token too.",
            },
        ]
