"""The look and the side bar of the admin (django-unfold)."""

from typing import Any

from django.urls import reverse_lazy


def _link(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(name)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "recsite",
    "SITE_HEADER": "recsite",
    "SITE_SUBHEADER": "Recommendations, operated",
    "SITE_URL": "/",
    "SITE_SYMBOL": "auto_awesome",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": []},
}
