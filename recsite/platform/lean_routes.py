"""Let lean operations of the API pass by what pages need: static files, sessions, CSRF tokens, messages."""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from recsite.platform.json_view import JsonBodyView
from recsite.platform.lean import LeanJsonView
from recsite.platform.middleware import Handler


class LeanRoutes:
    """Answer lean operations here; hand everything else on.

    A request with a session cookie is handed on too: a member of staff may be signed in. What stands before this
    middleware holds for all (log, metrics, body limit, HTTPS); what stands behind it is for pages.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.cookie = settings.SESSION_COOKIE_NAME
        self.frame_options = settings.X_FRAME_OPTIONS

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self.cookie in request.COOKIES or not _is_lean(request):
            return self.get_response(request)
        # Django's own check of the Host header, which its middleware for pages makes otherwise.
        request.get_host()
        match = request.resolver_match
        assert match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        response.headers["X-Frame-Options"] = self.frame_options
        return response


def _is_lean(request: HttpRequest) -> bool:
    """Tell if the address is that of a lean operation, and note what it was resolved to."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return False
    view = getattr(match.func, "view_class", None)
    # What an address can do (OPTIONS) is answered by REST framework, whose answers Django renders.
    if view is None or not issubclass(
        view, LeanJsonView if request.method == "OPTIONS" else (LeanJsonView, JsonBodyView)
    ):
        return False
    request.resolver_match = match
    return True
