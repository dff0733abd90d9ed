"""How a change reaches every process within a second or two: numbers that rise, in PostgreSQL and in Redis.

PostgreSQL knows best and Redis answers fast: processes ask Redis once a second at most, and PostgreSQL while Redis is
gone. A number only ever rises (it follows the clock, so that it does in a restored database as well), so whoever knows
a higher one than Redis, which may have come back with old data, raises it there.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from recsite.platform import database, redis
from recsite.platform.database import DatabaseDown
from recsite.platform.models import Epoch
from recsite.platform.redis import Client, RedisDown

KEY = "epochs"
SECONDS_BETWEEN_LOOKS = 1.0
BUMP = """
INSERT INTO platform_epoch AS epoch (name, value) VALUES (%s, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
ON CONFLICT (name) DO UPDATE SET value = greatest(epoch.value + 1, excluded.value) RETURNING value
"""
RAISE = """
for i = 1, #ARGV, 2 do
    if tonumber(ARGV[i + 1]) > tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or -1) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
end
"""


class _Known:
    """What this process knows."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.numbers: dict[str, int] = {}
        self.lost: set[str] = set()
        self.look_again_at = 0.0
        self.is_fresh = False


_known = _Known()


def current(name: str) -> int:
    """The number of `name`, at most a second or so old; 0 where it was never bumped."""
    if time.monotonic() >= _known.look_again_at and _known.lock.acquire(blocking=False):
        try:
            _look()
        finally:
            _known.lock.release()
    return _known.numbers.get(name, 0)


def look() -> None:
    """Asks now: afterwards `current` knows of every bump that was published before this call."""
    with _known.lock:
        _look()


def bump(name: str) -> None:
    """Tells every process, once the transaction is committed, that what it knows of `name` is old."""
    transaction.on_commit(partial(_bump, name), robust=True)


def is_lost(name: str) -> bool:
    """Whether `name` was bumped while Redis was gone: it will be again when Redis is back, before anybody uses it."""
    return name in _known.lost


def repair() -> None:
    """Brings Redis up to what PostgreSQL knows: for the start of a process, and now and then.

    Raises DatabaseDown and RedisDown.
    """
    numbers = database.ask(_stored)
    _learn(numbers)
    redis.call(partial(_raise, numbers=numbers))


def forget() -> None:
    """As if the process had just started, for tests."""
    _known.forget()


def _look() -> None:
    _known.look_again_at = time.monotonic() + SECONDS_BETWEEN_LOOKS
    try:
        if not _known.is_fresh:
            _known.is_fresh = True
            repair()
        redis.call(_compare)
    except (RedisDown, DatabaseDown):
        _look_elsewhere()


def _look_elsewhere() -> None:
    """One of the two is gone: what the other one says; where it is gone too, what is known stays."""
    for read in (partial(redis.call, _published), partial(database.ask, _stored)):
        try:
            _learn(read())
            return
        except (RedisDown, DatabaseDown):
            continue


def _compare(client: Client) -> None:
    """Learns what Redis says, and raises what is behind there: it was flushed, or came back with old data."""
    published = _published(client)
    _learn(published)
    behind = any(number > published.get(name, 0) for name, number in _known.numbers.items())
    if behind or _known.lost:
        _bump_the_lost_again()
        _raise(client, _known.numbers)


def _learn(numbers: Mapping[str, int]) -> None:
    # A new mapping each time: other threads read the old one meanwhile.
    _known.numbers = {**_known.numbers, **{n: v for n, v in numbers.items() if v > _known.numbers.get(n, 0)}}


def _bump(name: str) -> None:
    number = _store_next(name)
    try:
        redis.call(partial(_raise, numbers=number))
    except RedisDown:
        _known.lost.add(name)


def _bump_the_lost_again() -> None:
    """Others may have seen the first number, and acted on it, before our last change while Redis was gone."""
    for name in tuple(_known.lost):
        _store_next(name)
        _known.lost.discard(name)


def _store_next(name: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(BUMP, [name])
        number = {name: cursor.fetchone()[0]}
    _learn(number)
    return number


def _stored() -> dict[str, int]:
    return dict(Epoch.objects.values_list("name", "value"))


def _published(client: Client) -> dict[str, int]:
    answer: Any = client.hgetall(KEY)
    return {name.decode(): int(number) for name, number in answer.items()}


def _raise(client: Client, numbers: Mapping[str, int]) -> None:
    if numbers:
        client.eval(RAISE, 1, KEY, *(part for pair in numbers.items() for part in pair))


def _catch_up(client: Client) -> None:
    """Before anybody uses Redis again. PostgreSQL is asked too: whoever changed something meanwhile may be gone."""
    try:
        _bump_the_lost_again()
        with suppress(OperationalError, InterfaceError):
            _learn(_stored())
        _raise(client, _known.numbers)
    finally:
        connection.close()


redis.on_recovery.append(_catch_up)
