"""How long a web process waits for PostgreSQL to say something.

A server that hangs keeps its connections open, and the kernel goes on acknowledging what is sent to it: neither TCP's
timeouts nor PostgreSQL's own `statement_timeout` end the wait. So the client counts the seconds. Commands and workers,
whose statements may take minutes, wait as long as it takes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout

_shorter: ContextVar[float | None] = ContextVar("shorter", default=None)


class _Process:
    limit: float | None = None
    """Seconds; None waits for ever."""


class PatientConnection(psycopg.Connection[Any]):
    """Is closed when the server says nothing for too long: what it was asked may come at any time, or never."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = _limit()
        try:
            return super().wait(gen, interval, limit if timeout is None else timeout)
        except _WaitTimeout as silence:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"PostgreSQL said nothing for {limit:g} seconds.") from silence


def limit(seconds: float) -> None:
    """From now on this process waits no longer than that for each answer."""
    _Process.limit = seconds


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """A shorter limit for the block, in a process that has one."""
    token = _shorter.set(seconds)
    try:
        yield
    finally:
        _shorter.reset(token)


def _limit() -> float | None:
    shorter = _shorter.get()
    return _Process.limit if _Process.limit is None or shorter is None else min(_Process.limit, shorter)
