"""Read requests for lists from HTTP, and describe them: both follow `serving.contract`."""

import json
from collections.abc import Iterable
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiParameter

from recommender.serving.contract import (
    PARAMETERS,
    TITLES,
    Condition,
    Operation,
    Parameter,
    Request,
    Values,
    from_json,
    from_query,
)
from recsite.platform import authentication, lookups

NOT_LIVE = (
    "A release can be named by a key with the scope operate, and by staff with the permission recommender.operate. "
    "Without `release` the live one answers."
)


def read_query(operation: Operation, request: HttpRequest, **starts_from: Any) -> Request:
    """Return what an address asks for, with what its path says.

    Raises Invalid, and PermissionDenied where a release is named and the caller may not operate.
    """
    if not request.META.get("QUERY_STRING"):
        # Most requests are like this, and reading nothing would take as long as reading two parameters.
        return Request(**starts_from)
    return Request(**read_values(operation, request), **starts_from)


def read_values(operation: Operation, request: HttpRequest) -> Values:
    """Return the values of a query string, the fields that the operation starts from included, as `read_query` does."""
    return _allowed(request, from_query(operation, request.GET.lists()))


def read_body(operation: Operation, request: HttpRequest, body: Any) -> Values:
    """Return the values of a body. Raises Invalid, and PermissionDenied as `read_query` does."""
    return _allowed(request, from_json(operation, body))


def _allowed(request: HttpRequest, values: Values) -> Values:
    """Return the values, if the caller may have them; what a named release makes is looked up, and shown to nobody."""
    if "release" in values:
        if not authentication.may_operate(request):
            raise PermissionDenied(NOT_LIVE)
        lookups.mark()
    return values


def described(operation: Operation, *path: Parameter) -> list[OpenApiParameter]:
    """Describe the parameters of an address: those of its path, then those of its query string."""
    return [_described(operation, one, "path") for one in path] + [
        _described(operation, one, "query") for one in operation.parameters
    ]


def described_path(one: Parameter) -> OpenApiParameter:
    """Describe a part of an address that belongs to no list."""
    return OpenApiParameter(one.name, one.schema, "path", required=True, description=one.description)


def body_of(operation: Operation) -> dict[str, Any]:
    """Describe the body that an operation reads, as a JSON schema."""
    properties = {
        one.name: {**one.schema, "description": _said(one, operation.conditions(one))}
        for one in operation.takes.values()
    }
    needed = {"required": sorted(operation.required)} if operation.required else {}
    return {"application/json": {"type": "object", "properties": properties, **needed, "additionalProperties": False}}


def _described(operation: Operation, one: Parameter, where: Literal["path", "query"]) -> OpenApiParameter:
    said = _said(one, operation.conditions(one))
    return OpenApiParameter(one.name, one.schema, where, required=where == "path", description=said)


def _said(one: Parameter, conditions: Iterable[Condition]) -> str:
    return " ".join([one.description, *(f"Only with {condition.words}." for condition in conditions)])


def table() -> str:
    """Return a table in Markdown, for docs/API.md: which list takes which parameter."""
    head = ["| parameter | values | " + " | ".join(TITLES) + " | |", "|---" * (len(TITLES) + 3) + "|"]
    return "\n".join([*head, *map(_row, PARAMETERS)])


def _row(one: Parameter) -> str:
    marks = " | ".join("x" if name in one.lists else "" for name in TITLES)
    return f"| `{one.name}` | {_values(one)} | {marks} | {_said(one, one.conditions)} |"


def _values(one: Parameter) -> str:
    """Return the bounds of a parameter in words."""
    schema = one.schema
    if "maxItems" in schema:
        return f"up to {schema['maxItems']} texts"
    if "enum" in schema:
        words = ", ".join(f"`{choice}`" for choice in schema["enum"])
    elif "maximum" in schema:
        words = f"{schema['minimum']:,} to {schema['maximum']:,}"
    else:
        words = {"string": "a text", "number": "a number", "boolean": "`true`, `false`"}[schema["type"]]
    default = f" (`{json.dumps(one.default)}`)" if one.default not in (None, False) else ""
    return words + default.replace('"', "")
