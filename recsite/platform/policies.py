"""Say what pages may load and run (Content-Security-Policy): one policy for all, and what some areas need besides."""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

STRICT: dict[str, Any] = {
    "default-src": [SELF],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    "base-uri": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
}
"""Nothing runs or styles a page but files of this site, and nothing is asked of another host."""

REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",
)
"""The hashes of an empty style element, which Redoc fills by script, and of the one for its bars to scroll by."""

AREAS: dict[str, dict[str, Any]] = {
    # The theme's Alpine evaluates what stands in attributes, and writes styles into them.
    "/admin/": {"script-src": [SELF, UNSAFE_EVAL], "style-src-attr": [UNSAFE_INLINE]},
    # Redoc searches in a worker that it makes of a text.
    "/api/redoc/": {"style-src": [SELF, *REDOC_STYLES], "worker-src": [SELF, "blob:"]},
}
"""What differs from STRICT, by how an address begins."""


SIGN_IN = "/admin/login/"
"""The form for single sign-on leads to the provider, and by whatever addresses of its own the provider goes on."""


class PagePolicy(CSPMiddleware):
    """Send with each page the policy of its area. Views may still loosen theirs by the decorators of django-csp."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            parts.replace = area_of(request.path_info) | (parts.replace or {})
        return parts


def area_of(path: str) -> dict[str, Any]:
    """Return what the policy of an address has in place of STRICT's."""
    more = next((more for beginning, more in AREAS.items() if path.startswith(beginning)), {})
    if settings.OIDC_ISSUER and path.startswith(SIGN_IN):
        return more | {"form-action": [SELF, "https:", "://".join(urlsplit(settings.OIDC_ISSUER)[:2])]}
    return more
