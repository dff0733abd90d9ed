"""Render the part of a page that changes by itself: an open page asks for it anew, and gets nothing where it has it.

The part is named by what it says; times in words ("5 seconds ago") are left out of that, since they say nothing new.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

TIMES = re.compile(r"<time\b.*?</time>|<span data-changes>.*?</span>", re.DOTALL)
AROUND = "admin/parts/renewing.html"


class Part(NamedTuple):
    """Hold what changes by itself, and the name of what it says."""

    html: str
    seen: str

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Return the part for a page that stands open, or 204 where it has this already."""
        return HttpResponse(status=204) if request.GET.get("seen") == self.seen else HttpResponse(self.html)


def render(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, page: str, query: Mapping[str, str]
) -> Part:
    """Render a template within what asks `page`, by its name, for the part anew every ten seconds."""
    html = render_to_string(template, dict(context), request)
    seen = blake2b(TIMES.sub("", html).encode(), digest_size=8).hexdigest()
    address = f"{reverse(page)}?{urlencode({**query, 'seen': seen})}"
    return Part(render_to_string(AROUND, {"html": html, "address": address, "id": page}), seen)
