"""Work that must not overlap with itself, in whichever process it runs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from django.conf import settings
from django.db import connection as django_connection

from recsite.platform.exceptions import AlreadyRunning as AlreadyRunning

HELD = """
SELECT EXISTS (
    SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 1
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)
)
"""
"""PostgreSQL keeps a lock's 64-bit number in two columns of 32 bits."""


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold the lock called `name` for the block. Raises AlreadyRunning where another process or thread holds it.

    PostgreSQL keeps the lock for one session, and gives it back when the session ends, so a killed process leaves
    nothing behind. The session is a connection of our own: Django's goes back to the pool whenever old connections
    are closed (before and after each task and request), and would be somebody else's while we believed it locked.
    """
    with django_connection.wrap_database_errors:
        session = _own_session()
    with session:
        if not _try(session, "pg_try_advisory_lock", name):
            raise AlreadyRunning(f"{name} is already being worked on. Wait for it to finish.")
        try:
            yield
        finally:
            # Closing would do, but only after a moment, in which the next one would be told AlreadyRunning.
            with suppress(psycopg.Error):
                _try(session, "pg_advisory_unlock", name)


class Turn:
    """Hold a lock for as long as a process lives, for those of whom one works and the others wait."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._session: psycopg.Connection[tuple[bool]] | None = None

    def is_mine(self) -> bool:
        """Tell whether the lock is held here, and take it where it is free; while PostgreSQL is gone, nobody has it."""
        try:
            if self._session is not None:
                # A session that is gone has given its lock back, and somebody else may have it.
                self._session.execute("SELECT true")
                return True
            session = _own_session()
            if _try(session, "pg_try_advisory_lock", self._name):
                self._session = session
                return True
            session.close()
        except psycopg.Error:
            self.give_back()
        return False

    def give_back(self) -> None:
        """Let the next one have it."""
        if self._session is not None:
            with suppress(psycopg.Error):
                _try(self._session, "pg_advisory_unlock", self._name)
            self._session.close()
            self._session = None


def is_held(name: str) -> bool:
    """Tell whether some process holds the lock called `name`, without taking it: trying would keep others out."""
    with django_connection.cursor() as cursor:
        cursor.execute(HELD, [name])
        row = cursor.fetchone()
    return bool(row and row[0])


def _own_session() -> "psycopg.Connection[tuple[bool]]":
    """Connect to the server itself: behind a pooler, a session is only one's own for a transaction."""
    if settings.DATABASE_DIRECT_URL:
        return psycopg.connect(settings.DATABASE_DIRECT_URL, autocommit=True, connect_timeout=5)
    return psycopg.connect(**django_connection.get_connection_params(), autocommit=True)


def _try(session: "psycopg.Connection[tuple[bool]]", function: str, name: str) -> bool:
    row = session.execute(f"SELECT {function}(hashtextextended(%s, 0))", [name]).fetchone()
    return bool(row and row[0])
