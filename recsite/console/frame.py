"""Fill what every page of the admin has around it: its place in the menu, the environment, what is down."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from recsite.console import menu, strip

ENVIRONMENTS = {
    "production": ("Production", "info"),
    "demo": ("Demo", "success"),
    "development": ("Development", "warning"),
}


def environment(request: HttpRequest) -> tuple[str, str]:  # noqa: ARG001 - Unfold asks it of a request
    """Return the name of the environment and the kind of its badge."""
    return ENVIRONMENTS[settings.ENVIRONMENT]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the templates of every page need; what is down is told to staff alone.

    No colours: the theme would write them into the page, where the policy forbids it. `admin/colors.css` has them.
    """
    is_staff = request.user.is_active and getattr(request.user, "is_staff", False)
    return menu.current_page(request) | {"down": strip.down() if is_staff else [], "colors": {}}
