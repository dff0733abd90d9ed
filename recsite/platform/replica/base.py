"""The connection to the replica: where the replica fails, the primary answers, and nobody sees an error."""

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

from recsite.platform.breaker import Breaker
from recsite.platform.database import is_outage

REPLICA = "replica"
CONFLICT = "40001"
"""What a replica says of a query that needs rows which the primary has cleaned up meanwhile."""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection to PostgreSQL, with another server behind it. For reading outside of transactions alone."""

    def ask(self, statement: str) -> Sequence[Any]:
        """Return the row that the replica itself answers. Raises what Django raises where it doesn't."""
        with self._own_cursor(None) as cursor:
            CursorWrapper.execute(cursor, statement)
            row: Sequence[Any] = cursor.fetchone()
            return row

    def _cursor(self, name: str | None = None) -> CursorWrapper:
        try:
            return self._own_cursor(name)
        except (OperationalError, InterfaceError) as fault:
            self.give_up(fault)
            instead: Any = connections[DEFAULT_DB_ALIAS]
            found: CursorWrapper = instead._cursor(name)
            return found

    def _own_cursor(self, name: str | None) -> CursorWrapper:
        django: Any = super()
        found: CursorWrapper = django._cursor(name)
        return found

    def make_cursor(self, cursor: Any) -> "FailingOver":
        return FailingOver(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> Any:
        return self.make_cursor(cursor)

    def give_up(self, fault: Exception) -> None:
        """Let go of the connection, and have nobody else ask until the replica answers again."""
        breaker.open(fault)
        self.close()


class FailingOver(CursorWrapper):
    """Ask the primary what the replica could not answer. Rows arrive with the answer, so none is read twice."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        try:
            return super().execute(sql, params)
        except (OperationalError, InterfaceError) as fault:
            if not may_ask_elsewhere(fault):
                raise
            if is_outage(fault) and isinstance(self.db, DatabaseWrapper):
                self.db.give_up(fault)
            instead = connections[DEFAULT_DB_ALIAS]
            self.cursor, self.db = instead.cursor().cursor, instead
            return super().execute(sql, params)


def may_ask_elsewhere(fault: Exception) -> bool:
    """Tell if the primary could answer what the replica did not: not where the query itself takes too long."""
    return is_outage(fault) or getattr(fault.__cause__, "sqlstate", None) == CONFLICT


def replica() -> DatabaseWrapper:
    """Return this thread's connection to the replica."""
    found = connections[REPLICA]
    assert isinstance(found, DatabaseWrapper)
    return found


def _probe() -> None:
    try:
        replica().ask("SELECT 1")
    finally:
        replica().close()


breaker = Breaker("The replica", is_outage, _probe)
"""Open while the replica is gone: then nobody asks it."""
