"""The product's addresses, and some that misbehave on purpose."""

import os
import time
from typing import NoReturn

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from catalog.models import Item
from recommender.serving import Request, recommend
from recsite import urls
from recsite.platform import handing, tasks


def slow(request: HttpRequest) -> JsonResponse:
    time.sleep(float(request.GET["seconds"]))
    return JsonResponse({"worker": os.getpid()})


def serving_worker(request: HttpRequest) -> JsonResponse:
    """Which release which worker serves; slow enough that requests sent together reach all workers."""
    time.sleep(0.1)
    answer = recommend(Request(request.GET["user"]))
    return JsonResponse({"worker": os.getpid(), "release": answer.release})


@csrf_exempt
def length(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"length": len(request.body)})


def handing_on(request: HttpRequest, user_id: str) -> JsonResponse:
    """Ask the database something, and have the worker do something."""
    handing.hand(tasks.thin_series)
    return JsonResponse({"items": Item.objects.filter(title=request.GET["title"]).count()})


def mistake(request: HttpRequest) -> NoReturn:
    raise ZeroDivisionError("a secret detail")


def outage(request: HttpRequest) -> NoReturn:
    raise OperationalError("connection to server at 10.0.0.7 failed")


def missing(request: HttpRequest) -> NoReturn:
    raise Http404("There is no such book.")


def denied(request: HttpRequest) -> NoReturn:
    raise PermissionDenied


handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
urlpatterns = [
    path("slow", slow),
    path("serving", serving_worker),
    path("users/<str:user_id>/handing-on", handing_on),
    path("api/length", length),
    *(path(f"{prefix}{view.__name__}", view) for prefix in ("", "api/") for view in (mistake, outage, missing, denied)),
    *urls.urlpatterns,
]
