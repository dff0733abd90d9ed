"""Redis, or a clear no at once. Whoever asks has another way to answer, and takes it when `RedisDown` comes."""

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar, cast

import hiredis
import redis
from django_redis import get_redis_connection

from recsite.platform import tracing
from recsite.platform.breaker import Breaker, CircuitOpen
from recsite.platform.tracing import Kind

T = TypeVar("T")
Client = redis.Redis
Command = tuple[str | bytes | int | float, ...]


class RedisDown(Exception):
    """Redis can't be reached, or doesn't do what it is told."""


_waiting: ContextVar[tuple[Command, Callable[[Any], None]] | None] = ContextVar("waiting", default=None)

on_recovery: list[Callable[[Client], None]] = []
"""Called with a client when Redis is back, before anybody else may use it; what raises keeps Redis out of use."""


def call(work: Callable[[Client], T]) -> T:
    """Return what `work` does with the raw client, in bytes. Raises RedisDown, during an outage at once."""
    try:
        with tracing.current().step("REDIS", Kind.CLIENT) as step:
            step.tell(db__system__name="redis")
            return _breaker.call(lambda: _guarded(work))
    except (redis.RedisError, OSError, CircuitOpen) as fault:
        raise RedisDown(str(fault)) from fault


def roundtrip(*commands: Command, takes_along: bool = False) -> list[Any]:
    """Return the answers to commands that travel together, for where every microsecond counts. Raises RedisDown.

    It is a pipeline without redis-py's bookkeeping, which takes as long again as the sending and the reading. With
    `takes_along`, what was given to `send_along` travels too, and what its hearer raises is raised here.
    """
    waiting = _waiting.get() if takes_along else None
    if waiting is None:
        return call(lambda client: exchange(client, *commands))
    _waiting.set(None)
    command, hear = waiting
    try:
        answer, *answers = call(lambda client: exchange(client, command, *commands))
    except RedisDown:
        hear(None)
        raise
    hear(answer)
    return answers


def send_along(command: Command, hear: Callable[[Any], None]) -> None:
    """Have a command wait for the next round trip of this request that takes it along.

    `hear` gets the answer, or None where Redis is away; what it raises stops that trip's caller.
    """
    _waiting.set((command, hear))


def deliver() -> None:
    """Send now what no round trip took along."""
    if _waiting.get() is not None:
        with suppress(RedisDown):
            roundtrip(takes_along=True)


def drop_along() -> None:
    """Forget what waits: threads serve many requests, and one may have ended before anything was sent."""
    _waiting.set(None)


def exchange(client: Client, *commands: Command) -> list[Any]:
    """Do the same with a client at hand, as `call` and `on_recovery` give one."""
    pool: Any = client.connection_pool
    connection = pool.get_connection()
    try:
        # As one text: redis-py would send each by a call of its own.
        packed = b"".join(hiredis.pack_command(cast(Any, command)) for command in commands)
        connection.send_packed_command([packed])
        return [connection.read_response() for _ in commands]
    except BaseException:
        # Answers that nobody has read would be taken for those to the next question.
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


def is_down() -> bool:
    return _breaker.is_open


def wait(seconds: float) -> None:
    """Wait until Redis is back, or the time is over."""
    _breaker.wait(seconds)


def forget() -> None:
    """Drop the client and what is known of an outage, for tests that change where Redis is."""
    _client.cache_clear()
    _breaker.close()


@cache
def _client() -> Client:
    """Make the client at the first use, so after the fork: each process has a pool of its own."""
    client: Client = get_redis_connection("default")
    return client


def _guarded(work: Callable[[Client], T]) -> T:
    try:
        return work(_client())
    except redis.exceptions.MaxConnectionsError as full:
        # Our own pool is busy, and that says nothing about the server.
        raise RedisDown(str(full)) from full


def _probe() -> None:
    client = _client()
    client.ping()
    for mend in on_recovery:
        mend(client)


_breaker = Breaker("Redis", lambda error: isinstance(error, redis.RedisError | OSError), _probe)
