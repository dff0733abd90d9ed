from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from recsite.platform.errors import Failure, answered
from recsite.platform.handlers import DJANGOS_OWN, TITLES

View = Callable[..., HttpResponseBase]
ENTER, ACT = "catalog.view_enduser", "interactions.add_interaction"

NOT_HERE = "This title is not here, or not any more. Search for it, or look along the shelves."


def shop(view: View) -> View:
    """Let only staff into a shop that isn't open: its visitors act as users and see their history.

    There, as in the admin, staff need the permission to see users, and to add events where they do something. What goes
    wrong is said on a page of the shop.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return answered(partial(_let_in, view, request, *args, **kwargs), _failure_page)

    return guarded


def _let_in(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
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


def _failure_page(failure: Failure) -> HttpResponse:
    """Return a page of the shop that says it. It asks for no session: what keeps those may be what is gone."""
    sentence = NOT_HERE if failure.status == 404 and DJANGOS_OWN.fullmatch(failure.message) else failure.message
    title = TITLES.get(failure.status, "Sorry")
    context = {"title": title, "sentence": sentence, "failure": failure, "only_looks": True}
    page = render_to_string("storefront/failure.html", context)
    return HttpResponse(page, status=failure.status, headers=failure.all_headers())


def only_looks(request: HttpRequest) -> bool:
    """Tell if every button of the shop would be refused: it isn't open, and the account may not add events."""
    return not settings.STOREFRONT_OPEN and not request.user.has_perm(ACT)
