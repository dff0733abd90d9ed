"""Record each request as a step; the settings put this first, where traces are on."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from recsite.platform import tracing
from recsite.platform.counting import METHODS, OTHER
from recsite.platform.log_privacy import loggable_path
from recsite.platform.tracing import PARENT, Kind

WATCHED = frozenset({"/ping", "/ready", "/health", "/metrics"})
"""Asked every few seconds by whoever looks after the server."""

Handler = Callable[[HttpRequest], HttpResponseBase]


def traced(get_response: Handler) -> Handler:
    """Name the request by its route, and note what access lines note. It goes on with a caller's trace."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info in WATCHED or request.path_info.startswith(settings.STATIC_URL):
            return get_response(request)
        method = request.method if request.method in METHODS else OTHER
        caller = {PARENT: request.META.get("HTTP_TRACEPARENT", "")}
        with tracing.current().step(str(method), Kind.SERVER, caller) as step:
            response = get_response(request)
            route = (request.resolver_match.route if request.resolver_match else "") or ""
            step.tell(
                f"{method} {route}".strip(),
                failed=response.status_code >= 500,
                http__request__method=method,
                http__response__status_code=response.status_code,
                http__route=route,
                url__path=loggable_path(request),
                request_id=response.headers.get("X-Request-ID", ""),
            )
            return response

    return middleware
