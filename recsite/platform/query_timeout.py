"""Limit how long a web process waits for PostgreSQL: for a statement, and for any sign of the server.

A statement that takes too long (a lock, a long query) is ended by the server, which says so: nothing is gone, and no
other page suffers. A server that hangs keeps its connections open, and the kernel goes on acknowledging what is sent
to it: neither TCP's timeouts nor PostgreSQL's `statement_timeout` end that wait, so the client counts the seconds too.
The server's limit is the shorter one; only silence beyond it is an outage. Commands and workers, whose statements may
take minutes, have neither limit.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

import psycopg
from psycopg.errors import _WaitTimeout

STATEMENT_SHARE = 0.8
"""The share of the limit that one statement may take: the server's word must arrive before the client gives up."""

_shorter: ContextVar[float | None] = ContextVar("shorter", default=None)


class _Process:
    limit: float | None = None
    """Seconds; None waits for ever."""
    tells_server = True


_process = _Process()


class LimitedConnection(psycopg.Connection[Any]):
    """Close itself when the server says nothing for too long: the answer may come at any time, or never."""

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
        """Connect, and tell the server how long a statement may take in this process."""
        if _process.limit is not None and _process.tells_server:
            milliseconds = int(_process.limit * STATEMENT_SHARE * 1000)
            kwargs["options"] = f"{kwargs.get('options') or ''} -c statement_timeout={milliseconds}".strip()
        return super().connect(conninfo, **kwargs)

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> psycopg.Cursor[Any]:
        """Execute a statement; spare the empty one, by which the pool checks a connection, its way to the server.

        A server that ended the connection, or fell, has said so: there is something to read. One that hangs would
        answer neither this nor the statement that follows.
        """
        if query == "" and not self.closed and not _has_news(self.fileno()):
            return self.cursor()
        return super().execute(query, params, **kwargs)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        seconds = limit()
        try:
            return super().wait(gen, interval, seconds if timeout is None else timeout)
        except _WaitTimeout as silence:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"PostgreSQL said nothing for {seconds:g} seconds.") from silence


def _has_news(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def set_limit(seconds: float, tells_server: bool = True) -> None:
    """Wait no longer than that for each answer, in this process and on the connections that it makes from now on.

    Poolers refuse what the server is told as a connection begins: there the account has the limit of a statement.
    """
    _process.limit, _process.tells_server = seconds, tells_server


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Shorten the limit for the block, in a process that has one."""
    token = _shorter.set(seconds)
    try:
        yield
    finally:
        _shorter.reset(token)


def limit() -> float | None:
    """Return how long this process waits for an answer here; None for ever."""
    shorter = _shorter.get()
    return _process.limit if _process.limit is None or shorter is None else min(_process.limit, shorter)
