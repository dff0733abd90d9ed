"""Tell whether the server lives, and whether it can answer."""

from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from recommender.api.gorse.door import GorseView
from recsite.platform import database, draining, redis
from recsite.platform.database import DatabaseDown
from recsite.platform.lean import json_response
from recsite.platform.redis import RedisDown


class Live(GorseView):
    """Answer whoever asks: no key is needed."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return json_response(_state())


class Ready(GorseView):
    """Answer 503 while draining, or without the database; lists are made without Redis as well."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        state = _state()
        return json_response(state, 200 if state["Ready"] else 503)


def _state() -> dict[str, Any]:
    data, cache = _fault(lambda: database.ask(_look)), _fault(lambda: redis.call(lambda client: client.ping()))
    return {
        "Ready": data is None and not draining.is_draining(),
        "DataStoreError": data,
        "CacheStoreError": cache,
        "DataStoreConnected": data is None,
        "CacheStoreConnected": cache is None,
    }


def _look() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _fault(look: Any) -> str | None:
    try:
        look()
    except DatabaseDown:
        return "PostgreSQL doesn't answer."
    except RedisDown:
        return "Redis doesn't answer."
    return None
