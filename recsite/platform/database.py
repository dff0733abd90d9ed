"""PostgreSQL for those who can also answer without it: while it is gone they are told at once.

An ordinary query waits for the connection pool's timeout. A page that needs the row has no choice; a list of
recommendations has, and must not hold a thread for it.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

from recsite.platform.breaker import Breaker, CircuitOpen
from recsite.platform.exceptions import Unavailable

T = TypeVar("T")
NOT_REACHED = "08000"
GONE = (NOT_REACHED[:2], "53300", "57P", "58")
"""How PostgreSQL's codes begin for: connection lost, too many connections, shutting down, system error."""


class DatabaseDown(Unavailable):
    """PostgreSQL can't be reached, or could not answer this one question."""


UNREACHABLE = "The database can't be reached at the moment. Try again in a few seconds."
TOO_BUSY = "The database could not answer this in time. Try again in a few seconds."


def ask(work: Callable[[], T]) -> T:
    """Return what `work` returns. Raises DatabaseDown, during an outage at once."""
    try:
        return _breaker.call(work)
    except (OperationalError, InterfaceError, CircuitOpen) as fault:
        is_gone = isinstance(fault, CircuitOpen) or is_outage(fault)
        raise DatabaseDown(UNREACHABLE if is_gone else TOO_BUSY) from fault


def prepared(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that each connection prepares once, for where every microsecond counts.

    Django's own cursors write values into the text, so that the server reads and plans every statement as a new one.
    """
    connection.validate_no_broken_transaction()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        session = cast("psycopg.Connection[Any]", connection.connection)
        # A pooler hands the next statement to another session, which doesn't know what this one has prepared.
        session.prepare_threshold = None if settings.DATABASE_DIRECT_URL else 0
        with psycopg.Cursor(session) as own:
            own.format = Format.BINARY
            raw = cast("CursorWrapper", own)
            # Django's wrappers see it, as they see every query: those that count, and those that play an outage.
            cursor = connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)
            cursor.execute(statement, parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


def is_down() -> bool:
    return _breaker.is_open


def forget() -> None:
    """Drop what is known of an outage, for tests that make one."""
    _breaker.close()


def _probe() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def is_outage(error: Exception) -> bool:
    """Tell a server that is gone, or full, from a deadlock or a statement that took too long: the class is the same."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None) or NOT_REACHED
    return state.startswith(GONE)


_breaker = Breaker("PostgreSQL", is_outage, _probe)
