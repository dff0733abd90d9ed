"""Give the library's pages of signing in what the admin's own pages know: name, colours, styles."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from recsite.platform.second_factor import OFF

PAGES = ("/admin/login/", "/admin/sign-in/", "/admin/second-factor/")


def look(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the admin for pages of signing in, and nothing for all others."""
    if not request.path_info.startswith(PAGES):
        return {}
    name = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
    return {**admin.site.each_context(request), "single_sign_on": name, "second_factor": settings.SECOND_FACTOR}


def account_links(request: HttpRequest) -> list[dict[str, str]]:  # noqa: ARG001 - Unfold asks it of a request
    """Return what stands in the menu under one's own name beside what Unfold puts there."""
    if settings.SECOND_FACTOR == OFF:
        return []
    return [{"title": "Second factor", "link": reverse("mfa_index")}]
