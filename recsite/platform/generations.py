"""Generations of what is cached: numbers that rise in PostgreSQL and Redis reach every process within two seconds.

PostgreSQL knows best and Redis answers fast: processes ask Redis once a second at most, and PostgreSQL while Redis is
gone. A number only ever rises (it follows the clock, so that it does in a restored database as well), so whoever knows
a higher one than Redis, which may have come back with old data, raises it there.
"""

import os
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from recsite.platform import database, redis
from recsite.platform.database import DatabaseDown
from recsite.platform.models import Generation
from recsite.platform.redis import Client, Command, RedisDown

KEY = "epochs"
PUBLISHED: tuple[Command, ...] = (("HGETALL", KEY), ("INFO", "server"))
RUN = re.compile(rb"run_id:(\w+)")
SECONDS_BETWEEN_LOOKS = 1.0
NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
BUMP = f"""
INSERT INTO platform_epoch AS epoch (name, value, pledges) VALUES (%s, {NOW}, '{{}}')
ON CONFLICT (name) DO UPDATE SET value = greatest(epoch.value + 1, excluded.value) RETURNING value
"""
MARK_DIRTY = """
INSERT INTO platform_epoch AS epoch (name, value, pledges) VALUES (%s, 0, ARRAY[%s])
ON CONFLICT (name) DO UPDATE SET pledges = epoch.pledges || excluded.pledges
"""
CLEAR_DIRTY = "UPDATE platform_epoch SET pledges = array_remove(pledges, %s) WHERE name = %s"
BUMP_DIRTY = f"""
UPDATE platform_epoch SET value = greatest(value + 1, {NOW}), pledges = '{{}}' WHERE pledges <> '{{}}'
"""
RAISE = """
for i = 1, #ARGV, 2 do
    if tonumber(ARGV[i + 1]) > tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or -1) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    end
end
"""


class _Known:
    """The generations that this process knows."""

    def __init__(self) -> None:
        self.forget()
        # A child has no part in its parent's lock, and must not clear what the parent has marked.
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.lock, self.process = threading.Lock(), uuid4()
        self.numbers: dict[str, int] = {}
        self.redis_run = b""
        self.lost: set[str] = set()
        self.look_again_at = 0.0
        self.is_fresh = False


_known = _Known()


def current(name: str) -> int:
    """Return the number of `name`, at most a second or so old; 0 where it was never bumped."""
    if time.monotonic() >= _known.look_again_at and _known.lock.acquire(blocking=False):
        try:
            _look()
        finally:
            _known.lock.release()
    return _known.numbers.get(name, 0)


def look() -> None:
    """Look now: afterwards `current` knows of every bump that was published before this call."""
    with _known.lock:
        _look()


def exchange(*commands: Command) -> None:
    """Run commands in Redis and look, in one trip: afterwards `current` knows of every bump published before them.

    Whoever made the commands from generations compares these, and makes them again where they were old. Raises
    RedisDown.
    """
    if not _known.is_fresh:
        look()
    published, run = _parse(redis.roundtrip(*commands, *PUBLISHED)[-len(PUBLISHED) :])
    with _known.lock:
        _known.redis_run = run
        _learn(published)
        if _is_behind(published):
            _look()


def bump(name: str) -> None:
    """Tell every process, once the transaction is committed, that what it knows of `name` is old."""
    transaction.on_commit(partial(_bump, name), robust=True)


def mark_dirty(name: str) -> None:
    """Let `name` count as changed for the next process that starts, unless this one clears the mark.

    For whoever has something to tell, can't now, and might be killed first.
    """
    _write(MARK_DIRTY, name, _known.process)


def clear_dirty(name: str) -> None:
    """Take the mark back: the change has been told."""
    _write(CLEAR_DIRTY, _known.process, name)


def redis_run() -> bytes:
    """Return the run of the Redis server last seen. A restart, which may cost it its last writes, begins another."""
    return _known.redis_run


def repair() -> None:
    """Bring Redis up to what PostgreSQL knows: for the start of a process, and now and then.

    Raises DatabaseDown and RedisDown.
    """
    numbers = database.ask(_stored)
    _learn(numbers)
    redis.call(partial(_raise, numbers=numbers))


def forget() -> None:
    """Forget everything, as if the process had just started; for tests."""
    _known.forget()


def _look() -> None:
    _known.look_again_at = time.monotonic() + SECONDS_BETWEEN_LOOKS
    try:
        if not _known.is_fresh:
            _known.is_fresh = True
            _write(BUMP_DIRTY)
            repair()
        redis.call(_compare)
    except (RedisDown, DatabaseDown):
        _look_elsewhere()


def _look_elsewhere() -> None:
    """Ask the other store while one is gone; while both are, keep what is known."""
    for read in (partial(redis.call, _published), partial(database.ask, _stored)):
        try:
            _learn(read())
            return
        except (RedisDown, DatabaseDown):
            continue


def _compare(client: Client) -> None:
    """Learn what Redis says, and raise what is behind there: it was flushed, or came back with old data."""
    published = _published(client)
    _learn(published)
    if _is_behind(published):
        _bump_the_lost_again()
        _raise(client, _known.numbers)


def _is_behind(published: Mapping[str, int]) -> bool:
    """Tell whether Redis lacks something that this process knows, or has to say."""
    return bool(_known.lost) or any(number > published.get(name, 0) for name, number in _known.numbers.items())


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
    """Bump again: others may have seen the first number before our last change, while Redis was gone."""
    for name in tuple(_known.lost):
        _store_next(name)
        _known.lost.discard(name)


def _store_next(name: str) -> dict[str, int]:
    number = {name: int(database.ask(partial(_run, BUMP, name))[0])}
    _learn(number)
    return number


def _stored() -> dict[str, int]:
    return dict(Generation.objects.values_list("name", "value"))


def _write(statement: str, *parameters: str | UUID) -> None:
    """Execute the statement, unless the database is gone as well."""
    with suppress(DatabaseDown):
        database.ask(partial(_run, statement, *parameters))


def _run(statement: str, *parameters: str | UUID) -> tuple[Any, ...]:
    """Execute the statement, and return the row that it gives back, if any."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() if cursor.description else ()


def _published(client: Client) -> dict[str, int]:
    published, _known.redis_run = _parse(redis.exchange(client, *PUBLISHED))
    return published


def _parse(answers: Sequence[Any]) -> tuple[dict[str, int], bytes]:
    """Return the numbers and the run of the server from the answers to PUBLISHED."""
    numbers, about = answers
    if isinstance(numbers, list):  # Redis's older protocol knows no mappings.
        numbers = dict(zip(numbers[::2], numbers[1::2], strict=True))
    run = RUN.search(about)
    return {name.decode(): int(number) for name, number in numbers.items()}, run[1] if run else b""


def _raise(client: Client, numbers: Mapping[str, int]) -> None:
    if numbers:
        client.eval(RAISE, 1, KEY, *(part for pair in numbers.items() for part in pair))


def _catch_up(client: Client) -> None:
    """Bring Redis up to date before anybody uses it; ask PostgreSQL too: who changed something may be gone."""
    try:
        _bump_the_lost_again()
        with suppress(DatabaseDown):
            _learn(database.ask(_stored))
        _raise(client, _known.numbers)
        _learn(_published(client))
    finally:
        connection.close()


redis.on_recovery.append(_catch_up)
