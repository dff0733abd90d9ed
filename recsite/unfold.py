"""Configure the look of the admin (django-unfold). The menu is in `recsite.console.menu`."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static

STYLES = ("colors", "recsite", "parts", "frame", "lists", "details", "models")


def _style(name: str, request: HttpRequest) -> str:  # noqa: ARG001 - Unfold asks it of a request
    return static(f"admin/{name}.css")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "recsite",
    "SITE_HEADER": "recsite",
    "SITE_SUBHEADER": "Recommendations, operated",
    "SITE_URL": "/",
    "SITE_SYMBOL": "auto_awesome",
    "ACCOUNT": {"navigation": "recsite.sign_in.look.account_links"},
    "LOGIN": {"form": "recsite.sign_in.forms.SignInForm"},
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "STYLES": [partial(_style, name) for name in STYLES],
    "SCRIPTS": [lambda _: static("admin/recsite.js")],
    "ENVIRONMENT": "recsite.console.frame.environment",
    "DASHBOARD_CALLBACK": "recsite.console.overview.page.overview",
    "GLOBAL_CALLBACK": "recsite.console.frame.frame",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "recsite.console.menu.navigation"},
}
