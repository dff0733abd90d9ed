"""Errors outside REST framework's reach: in the error shape under /api/, as a small page for people elsewhere."""

import re
import sys

from django.contrib import admin
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404

from recsite.platform.errors import OUTAGES, Failure, unavailable

PLAIN = "/gorse/"
"""Addresses whose clients are those of Gorse."""

NO_ROUTE = "docs/FROM_GORSE.md lists what is answered here; an id with a slash is reached under /api/v1 alone."

WRONG_HOST = (
    "This server answers under its own name alone, and the Host header has another one. Whoever operates it adds names "
    "by ALLOWED_HOSTS."
)
DJANGOS_OWN = re.compile(r"No \w+ (matches the given query|found matching the query)\.?")
TITLES = {
    400: "That request made no sense",
    403: "This is not for you",
    404: "There is nothing here",
    413: "That is too large",
    500: "Something went wrong on our side",
    503: "We will be back in a moment",
}


def plain_text(failure: Failure) -> HttpResponse:
    """Return the failure as Gorse does, as its clients expect it: by a sentence alone, and by few statuses."""
    text = "unauthorized" if failure.status == 401 else failure.message
    status = 400 if failure.status in (409, 422) else failure.status
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8", headers=failure.all_headers())


def respond(request: HttpRequest, failure: Failure) -> HttpResponse:
    """Return the failure in the shape that the path's readers expect."""
    if request.path.startswith("/api/"):
        return failure.as_json()
    if request.path.startswith(PLAIN):
        return plain_text(failure)
    if request.path.startswith("/admin/") and failure.status in (403, 404) and _is_staff(request):
        return _admin_page(request, failure)
    page = render_to_string("error.html", {"title": TITLES.get(failure.status, "Sorry"), "failure": failure})
    return HttpResponse(page, status=failure.status, headers=failure.all_headers())


def _is_staff(request: HttpRequest) -> bool:
    """Tell whether somebody is signed in who knows the admin; early middleware answers before there is a user."""
    user = getattr(request, "user", None)
    return bool(user and user.is_active and user.is_staff)


def _admin_page(request: HttpRequest, failure: Failure) -> HttpResponse:
    """Return the failure as a page of the admin, with its menu: staff go on from there."""
    about = {**admin.site.each_context(request), "title": TITLES[failure.status], "failure": failure}
    page = render_to_string("admin/failure.html", about, request)
    return HttpResponse(page, status=failure.status, headers=failure.all_headers())


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if isinstance(exception, DisallowedHost):
        return respond(request, Failure(400, WRONG_HOST))
    return respond(request, Failure(400, "The server can't understand this request. Check its address and its form."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return respond(request, Failure(403, str(exception) or "You may not see this page."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Say what is missing. Django's own sentences are for programmers, and are replaced."""
    sentence = str(exception)
    if sentence and not isinstance(exception, Resolver404) and not DJANGOS_OWN.fullmatch(sentence):
        return respond(request, Failure(404, sentence))
    if request.path.startswith(PLAIN):
        return respond(request, Failure(404, f"There is no {request.path}. {NO_ROUTE}"))
    if request.path.startswith("/api/"):
        return respond(request, Failure(404, f"There is no {request.path}. Its addresses are listed at /api/docs/."))
    return respond(request, Failure(404, "This page doesn't exist, or what it showed was deleted. Check the address."))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Tell an outage from a mistake of ours; Django calls this while the exception is being handled."""
    error = sys.exc_info()[1]
    if isinstance(error, OUTAGES):
        return respond(request, unavailable(error))
    return respond(request, Failure(500, "This is a mistake of ours, and it is in our log under the request's number."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:  # noqa: ARG001
    return respond(request, Failure(403, "The form was too old. Reload the page, and send it again."))
