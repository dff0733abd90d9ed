"""What the serving benchmark compares with: the cheapest view that reads the same Redis key and answers as much."""

import json
import os

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django_redis import get_redis_connection

from recsite.urls import urlpatterns as products

ANSWER = json.loads(os.environ.get("BENCH_ANSWER", "{}"))


def bare(request: HttpRequest) -> JsonResponse:
    get_redis_connection("default").get(os.environ["BENCH_KEY"])
    return JsonResponse(ANSWER)


urlpatterns = [path("bare", bare), *products]
