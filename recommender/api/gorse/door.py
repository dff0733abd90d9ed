"""The base of the routes that Gorse's clients call: its header for the key, its errors, its numbers."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ParseError

from catalog.ids import InvalidId, clean_id
from catalog.importers.rows import BadField
from recsite.platform.authentication import SCHEME
from recsite.platform.errors import Failure
from recsite.platform.exceptions import Invalid
from recsite.platform.handlers import plain_text
from recsite.platform.json_body import is_gzip, unpacked
from recsite.platform.json_view import JsonBodyView
from recsite.platform.parsers import strict_json
from recsite.platform.values import LARGEST_WHOLE

DEFAULT_N = 10
LARGEST_PAGE = 10_000
"""Rows of a page, whatever n is; the cursor leads on."""

MOST_ROWS = 10_000
"""Rows of a body: more come in several."""


class GorseView(JsonBodyView):
    """A route. Parameters that it doesn't know are ignored, as there; an answer is never in two pages."""

    schema = None
    """It stands in no description: Gorse has one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = request.META.get("HTTP_X_API_KEY")
        if key and not request.META.get("HTTP_AUTHORIZATION"):
            request.META["HTTP_AUTHORIZATION"] = f"{SCHEME} {key}"
        return super().dispatch(request, *args, **kwargs)

    def refuse(self, failure: Failure) -> HttpResponse:
        return plain_text(failure)

    def check_query(self, request: HttpRequest) -> None:
        """Let every parameter pass."""

    def read_body(self, request: HttpRequest) -> Any:
        """Return the body's value, whatever its type is said to be; None where it is empty."""
        is_packed = is_gzip(request)
        raw = request.read()
        try:
            raw = unpacked(raw) if is_packed else raw
            return strict_json(raw) if raw.strip() else None
        except ValueError as error:
            raise ParseError(str(error)) from error


def whole(request: HttpRequest, name: str, default: int) -> int:
    """Return a whole number of the query string. Raises Invalid."""
    text = request.GET.get(name, "")
    digits = text.removeprefix("-")
    if not text:
        return default
    if not digits.isascii() or not digits.isdecimal() or len(digits) >= LARGEST_WHOLE:
        raise Invalid({name: "A whole number is needed."})
    return int(text)


def asked_n(request: HttpRequest, most: int) -> int:
    """Return how many are asked for: `n`, at most so many, which -1 asks for."""
    n = whole(request, "n", DEFAULT_N)
    return most if n < 0 else min(n, most)


def cursor_of(request: HttpRequest) -> str:
    """Return where a page begins: clients send either of two spellings, or both."""
    return request.GET.get("cursor") or request.GET.get("Cursor") or ""


def object_of(body: Any) -> Mapping[str, Any]:
    """Raises Invalid where the body is no object."""
    if not isinstance(body, dict):
        raise Invalid({"body": "An object is needed."})
    return body


def several(body: Any) -> list[Mapping[str, Any]]:
    """Raises Invalid where the body is no list of objects, or too long a one."""
    if not isinstance(body, list) or not all(isinstance(one, dict) for one in body):
        raise Invalid({"body": "A list of objects is needed."})
    if len(body) > MOST_ROWS:
        raise Invalid({"body": f"At most {MOST_ROWS:,} at once; these are {len(body):,}. Send them in parts."})
    return body


def told_as_invalid(error: BadField, number: int = 0) -> Invalid:
    """Return a field's error for the client, with the number of its row where there are several."""
    return Invalid({f"row {number}" if number else "body": f"{error}."})


def path_id(name: str, text: str) -> str:
    """Return an id of the address in its one form. Raises Http404: nothing has an id that is none."""
    try:
        return clean_id(text)
    except InvalidId as error:
        raise Http404(f"{name} {error}.") from error


def done(rows: int) -> dict[str, int]:
    """Return Gorse's answer to a change."""
    return {"RowAffected": rows}
