"""Write the tables of routes, scopes and permissions for the docs, from the table that requests are checked by."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from recsite.gorse_permissions import GORSE_ACCESS
from recsite.permissions import API_ACCESS

PREFIX, GORSE_PREFIX = "api/v1/", "gorse/api/"
_PLACE = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


def paths() -> dict[str, str]:
    """Return the path of each route of the API by the route's name, such as items/{item_id}."""
    return {name: path for path, name in _named(PREFIX)}


def table() -> str:
    """Return a table in Markdown for docs/API.md: what each method of each route asks a key and staff for."""
    known = paths()
    rows = sorted(
        (known[route], method, f"`{access.scope}`", f"`{access.permission}`", access.browser or "")
        for route, methods in API_ACCESS.items()
        for method, access in methods.items()
    )
    return _markdown(["route", "scope of a key", "permission of staff", "open to a browser key"], rows)


def gorse_table() -> str:
    """Return such a table for docs/FROM_GORSE.md: of the routes that Gorse's clients call."""
    rows = sorted(
        (path, method, f"`{access.scope}`", f"`{access.permission}`")
        for path, name in _named(GORSE_PREFIX)
        if not path.endswith("/")
        for method, access in GORSE_ACCESS.get(name, {}).items()
    )
    return _markdown(["route", "scope of a key", "permission of staff"], rows)


def _markdown(titles: Sequence[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    return "\n".join([*head, *(f"| `{method} {path}` | {' | '.join(rest)} |" for path, method, *rest in rows)])


def _named(prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the path of each route under a prefix with the route's name, which several paths may share."""
    included: list[Any] = [one for one in get_resolver().url_patterns if isinstance(one, URLResolver)]
    for resolver in included:
        if str(resolver.pattern) == prefix:
            for route in resolver.url_patterns:
                if isinstance(route, URLPattern):
                    yield _PLACE.sub(r"{\1}", str(route.pattern)), str(route.name)
