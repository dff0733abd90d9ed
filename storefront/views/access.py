from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]
ENTER, ACT = "catalog.view_enduser", "interactions.add_interaction"


def shop(view: View) -> View:
    """Let only staff into a shop that isn't open: its visitors act as users and see their history.

    There, as in the admin, staff need the permission to see users, and to add events where they do something.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.STOREFRONT_OPEN:
            return view(request, *args, **kwargs)
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not (user.is_active and user.is_staff):
            raise PermissionDenied("Only staff may enter the storefront here; STOREFRONT_OPEN=true opens it.")
        for needed in (ENTER,) if request.method in ("GET", "HEAD") else (ENTER, ACT):
            if not user.has_perm(needed):
                raise PermissionDenied(f"Your account lacks the permission {needed}.")
        return view(request, *args, **kwargs)

    return guarded


def only_looks(request: HttpRequest) -> bool:
    """Tell if every button of the shop would be refused: it isn't open, and the account may not add events."""
    return not settings.STOREFRONT_OPEN and not request.user.has_perm(ACT)
