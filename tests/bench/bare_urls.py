"""What the serving benchmark compares with: the cheapest view that reads the same Redis key and answers as much."""

import json
import os

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django_redis import get_redis_connection

from recommender.insight import impressions
from recommender.serving import kept_answers
from recsite.urls import urlpatterns as products

if os.environ.get("BENCH_UNRECORDED"):
    # What recording costs is the difference to the product as it is.
    impressions.record = lambda shown: None

ANSWER = json.loads(os.environ.get("BENCH_ANSWER", "{}"))

if os.environ.get("BENCH_UNKEPT"):
    # What a user costs who asks for the first time: the candidates are there, the answer is not.
    kept_answers._may_keep = lambda *_: False


def bare(request: HttpRequest) -> JsonResponse:
    get_redis_connection("default").get(os.environ["BENCH_KEY"])
    response = JsonResponse(ANSWER)
    # Without it the connection would be closed after each answer, and the bare view would look slower than it is.
    response.headers["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path("bare", bare), *products]
