"""Limits of requests: a bucket of tokens for each key and scope, and for each address without a key.

A bucket holds one minute's allowance, and fills up evenly. Redis keeps of each bucket one number, the moment at which
it will be full again (the generic cell rate algorithm), and a script reads and moves it in one step, so that the limit
holds over all processes. Without Redis everybody passes, at once, and that is counted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import Counter
from rest_framework.exceptions import APIException

from recsite.platform import redis
from recsite.platform.errors import explain
from recsite.platform.redis import Command, RedisDown

WINDOW_SECS = 60
SECOND = 1_000_000
"""Redis's clock counts microseconds."""

SCRIPT = f"""
local clock = redis.call('TIME')
local now = clock[1] * {SECOND} + clock[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local left = now + {WINDOW_SECS * SECOND} - full - ARGV[1]
if left >= 0 and ARGV[2] == '1' then
    full = full + ARGV[1]
    redis.pcall('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
end
return left
"""
"""Takes a token that lasts ARGV[1] microseconds; with ARGV[2] other than 1 it only looks. It returns the microseconds'
worth of tokens that are left, below zero where there is none to take. Nothing fails where Redis may not write."""

refused = Counter("rate_limit_refused_total", "Requests that were over a limit, by what the limit is for.", ["by"])
unchecked = Counter("rate_limit_unchecked_total", "Requests that no limit was asked for, because Redis was away.")
_STANDING = "recsite_standing"


class TooManyRequests(APIException):
    """Over a limit; `wait` is in seconds (429 with Retry-After)."""

    status_code = 429

    def __init__(self, wait: float, sentence: str) -> None:
        self.wait = max(math.ceil(wait), 1)
        self.when = f"Try again in {self.wait:,} second{'s' if self.wait > 1 else ''}."
        super().__init__(f"{sentence} {self.when}")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Name a bucket and say how many requests a minute it allows."""

    by: str
    """Such as key or address: the name of the policy."""
    name: str
    limit: int

    def command(self, take: bool = True) -> Command:
        return "EVAL", SCRIPT, 1, f"limit:{self.by}:{self.name}", WINDOW_SECS * SECOND // self.limit, int(take)

    def refuse(self, left: int) -> None:
        """Raise TooManyRequests where nothing was left to take."""
        if left < 0:
            refused.labels(self.by).inc()
            raise TooManyRequests(-left / SECOND, f"Too many requests: {self.limit:,} a minute are allowed here.")


@dataclass(slots=True)
class Standing:
    """Hold a request's bucket and, once Redis has said so, the microseconds' worth of tokens that are left in it."""

    bucket: Bucket
    left: int | None = None

    def hear(self, left: int | None) -> None:
        """Take Redis's answer, None where it is away. Raises TooManyRequests."""
        self.left = left
        if left is None:
            unchecked.inc()
        else:
            self.bucket.refuse(left)


def charge(request: HttpRequest, bucket: Bucket, rides: bool = False) -> None:
    """Take a token for the request. Raises TooManyRequests where there is none.

    With `rides` the question travels with the next round trip that takes it along, which raises then.
    """
    standing = Standing(bucket)
    setattr(request, _STANDING, standing)
    if rides:
        redis.send_along(bucket.command(), standing.hear)
    else:
        standing.hear(_ask(bucket.command()))


def look(*buckets: Bucket) -> None:
    """Raise TooManyRequests where one of the buckets is empty, and take nothing."""
    try:
        answers = redis.roundtrip(*(bucket.command(take=False) for bucket in buckets))
    except RedisDown:
        unchecked.inc()
        return
    for bucket, left in zip(buckets, answers, strict=True):
        bucket.refuse(left)


def take(*buckets: Bucket) -> None:
    """Take a token of each bucket, if there is one; never raises."""
    try:
        redis.roundtrip(*(bucket.command() for bucket in buckets))
    except RedisDown:
        unchecked.inc()


def rate_limit_headers(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Any:
    """Say in the headers of an answer how its caller stands, and ask now what no round trip took along."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        redis.drop_along()
        response = get_response(request)
        standing: Standing | None = getattr(request, _STANDING, None)
        if standing is None:
            return response
        try:
            redis.deliver()
        except TooManyRequests as error:
            failure = explain(error)
            assert failure
            response = failure.as_json()
            response.headers["Content-Length"] = str(len(response.content))
        if standing.left is not None:
            _sign(response, standing.bucket, standing.left)
        return response

    return middleware


def _sign(response: HttpResponseBase, bucket: Bucket, left: int) -> None:
    policy, limit_header, step = _constants(bucket.by, bucket.limit)
    remaining = max(left // step, 0)
    # Until the bucket is full again.
    reset = math.ceil((WINDOW_SECS * SECOND - (left if left >= 0 else left + step)) / SECOND)
    # Where Django keeps them: its own way checks names and values for what isn't ASCII, five times in each answer.
    headers = response.headers._store
    headers["ratelimit-policy"] = policy
    headers["ratelimit"] = ("RateLimit", f'"{bucket.by}";r={remaining};t={reset}')
    headers["x-ratelimit-limit"] = limit_header
    headers["x-ratelimit-remaining"] = ("X-RateLimit-Remaining", str(remaining))
    headers["x-ratelimit-reset"] = ("X-RateLimit-Reset", str(int(time.time()) + reset))


@lru_cache(maxsize=1024)
def _constants(by: str, limit: int) -> tuple[tuple[str, str], tuple[str, str], int]:
    policy = ("RateLimit-Policy", f'"{by}";q={limit};w={WINDOW_SECS}')
    return policy, ("X-RateLimit-Limit", str(limit)), WINDOW_SECS * SECOND // limit


def _ask(command: Command) -> int | None:
    try:
        left: int = redis.roundtrip(command)[0]
    except RedisDown:
        return None
    return left


def is_on() -> bool:
    """Tell if requests are limited at all: an open API has no callers to tell apart."""
    return bool(settings.RATE_LIMIT_ENABLED and settings.API_AUTH_REQUIRED)
