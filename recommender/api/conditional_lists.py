"""Let clients and caches keep lists that are nobody's own, and ask whether they are still true.

Every answer has an id and a time of its own, so the tag is a weak one, of the rest. What was not sent again (304) is
not recorded as shown again: a cache in between would show it without asking us at all.
"""

from collections.abc import Collection
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from recommender.serving.contract import ANY_DIGEST, digest
from recsite.platform import lookups
from recsite.platform.lean import json_response


def known_digests(request: HttpRequest) -> Collection[str]:
    """Return the digests of the lists that the client has, by If-None-Match."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if not header:
        return ()
    if header.strip() == ANY_DIGEST:
        return (ANY_DIGEST,)
    return tuple(tag.removeprefix("W/").strip('"') for tag in parse_etags(header))


def public_response(request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    """Return a list that is nobody's own: 304 without a body where the client has it already."""
    # The items are most of the answer: they are written once, for the digest and for the body.
    items = orjson.dumps(told["items"])
    found, known = digest(told, items), known_digests(request)
    if known and (found in known or ANY_DIGEST in known):
        response = HttpResponse(status=304)
    else:
        response = json_response({**told, "items": orjson.Fragment(items)})
    response.headers["ETag"] = f'W/"{found}"'
    # What staff look up by their session is for them alone.
    if not lookups.is_by_staff():
        response.headers["Cache-Control"] = f"public, max-age={settings.RECOMMENDATION_CACHE_TTL_SECS}"
    return response
