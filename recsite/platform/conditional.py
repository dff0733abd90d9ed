"""Answers that a client may keep and ask for again: 304 where nothing has changed."""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags

from recsite.platform.lean import json_response

ANY = "*"
REVALIDATED = "private, no-cache"
"""A client may keep the answer, and asks each time whether it is still true. Shared caches may not: keys differ."""


def conditional(request: HttpRequest, answer: Any) -> HttpResponse:
    """Return the answer with its ETag; 304 without a body where the client's copy (If-None-Match) is the same.

    It saves the way, not the making of the answer.
    """
    response = json_response(answer)
    tag = f'"{hashlib.blake2b(response.content, digest_size=12).hexdigest()}"'
    known = request.META.get("HTTP_IF_NONE_MATCH")
    if known and (known.strip() == ANY or any(one.removeprefix("W/") == tag for one in parse_etags(known))):
        response = HttpResponse(status=304)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = REVALIDATED
    return response
