from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def shop(view: View) -> View:
    """Staff alone enter a shop that isn't open: its visitors take other people's places and see what those did."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if settings.STOREFRONT_OPEN or (request.user.is_active and request.user.is_staff):
            return view(request, *args, **kwargs)
        if request.user.is_authenticated:
            raise PermissionDenied("Only staff may enter the storefront here; STOREFRONT_OPEN=true opens it.")
        return redirect_to_login(request.get_full_path())

    return guarded
