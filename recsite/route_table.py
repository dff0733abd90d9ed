"""Write the table of routes, scopes and permissions for docs/API.md, from the table that requests are checked by."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from recsite.permissions import API_ACCESS

PREFIX = "api/v1/"
_PLACE = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


def paths() -> dict[str, str]:
    """Return the path of each route of the API by the route's name, such as items/{item_id}."""
    return {str(route.name): _PLACE.sub(r"{\1}", str(route.pattern)) for route in _routes()}


def table() -> str:
    """Return a table in Markdown: what each method of each route asks a key and a member of staff for."""
    known = paths()
    rows = sorted(
        (known[route], method, f"`{access.scope}`", f"`{access.permission}`", access.browser or "")
        for route, methods in API_ACCESS.items()
        for method, access in methods.items()
    )
    head = ["| route | scope of a key | permission of staff | open to a browser key |", "|---|---|---|---|"]
    return "\n".join([*head, *(f"| `{method} {path}` | {' | '.join(rest)} |" for path, method, *rest in rows)])


def _routes() -> Iterator[URLPattern]:
    included: list[Any] = [one for one in get_resolver().url_patterns if isinstance(one, URLResolver)]
    for resolver in included:
        if str(resolver.pattern) == PREFIX:
            yield from (one for one in resolver.url_patterns if isinstance(one, URLPattern))
