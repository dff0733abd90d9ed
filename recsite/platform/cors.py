"""Let web pages of the browser keys' origins read answers of the API (CORS), and no others.

Which origins these are stands in the keys, so that an answer has the header only where the key of its request is bound
to the origin: a list of origins in the settings, as the usual libraries have it, would open every key to all of them.
"""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from recsite.platform import keys
from recsite.platform.authentication import caller_of
from recsite.platform.middleware import Handler

PATHS = "/api/"
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-User-Token, X-Request-ID, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}
EXPOSED = (
    "X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset, Idempotent-Replayed"
)


def cross_origin(get_response: Handler) -> Handler:
    """Answer what browsers ask before they ask (preflight), and name the origin that may read an answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase
        origin = request.META.get("HTTP_ORIGIN")
        if not request.path.startswith(PATHS):
            return get_response(request)
        if origin is None:
            response = get_response(request)
            if response.headers.get("Cache-Control", "").startswith("public"):
                # A shared cache must give it to no page, which may not read it, and to nobody without a key.
                patch_vary_headers(response, ("Origin", "Authorization"))
            return response
        is_preflight = request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
        if is_preflight and origin in keys.browser_origins():
            response = HttpResponse(status=204, headers=PREFLIGHT)
            response.headers["Access-Control-Allow-Origin"] = origin
        else:
            response = get_response(request)
            if _may_read(request, response, origin):
                response.headers["Access-Control-Allow-Origin"] = origin
                response.headers["Access-Control-Expose-Headers"] = EXPOSED
        patch_vary_headers(response, ("Origin", "Authorization"))
        return response

    return middleware


def _may_read(request: HttpRequest, response: HttpResponseBase, origin: str) -> bool:
    """Tell if a page of the origin may read the answer: its key admitted the request, or it is told why none did."""
    caller = caller_of(request)
    if caller is None:
        return response.status_code >= 400 and origin in keys.browser_origins()
    return bool(caller.user)
