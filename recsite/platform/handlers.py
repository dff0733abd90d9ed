"""Errors outside REST framework's reach: in the error shape under /api/, as a small page for people elsewhere."""

import sys

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404

from recsite.platform.errors import OUTAGES, Failure, unavailable

TITLES = {
    400: "That request made no sense",
    403: "This is not for you",
    404: "There is nothing here",
    413: "That is too large",
    500: "Something went wrong on our side",
    503: "We will be back in a moment",
}


def respond(request: HttpRequest, failure: Failure) -> HttpResponseBase:
    """The failure in the shape that the path's readers expect."""
    if request.path.startswith("/api/"):
        return failure.as_json()
    page = render_to_string("error.html", {"title": TITLES.get(failure.status, "Sorry"), "failure": failure})
    return HttpResponse(page, status=failure.status, headers=dict(failure.headers))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:  # noqa: ARG001
    return respond(request, Failure(400, "The server can't understand this request. Check its address and its form."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return respond(request, Failure(403, str(exception) or "You may not see this page."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if not isinstance(exception, Resolver404) and str(exception):
        return respond(request, Failure(404, str(exception)))
    where = "Its addresses are listed at /api/docs/." if request.path.startswith("/api/") else "Check the address."
    return respond(request, Failure(404, f"There is no {request.path}. {where}"))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Called while the exception is being handled, so that an outage can be told from a mistake of ours."""
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES):
        return respond(request, unavailable(error))
    return respond(request, Failure(500, "This is a mistake of ours, and it is in our log under the request's number."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:  # noqa: ARG001
    return respond(request, Failure(403, "The form was too old. Reload the page, and send it again."))
