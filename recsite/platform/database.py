"""PostgreSQL for those who can also answer without it: while it is gone they are told at once.

An ordinary query waits for the connection pool's timeout. A page that needs the row has no choice; a list of
recommendations has, and must not hold a thread for it.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from recsite.platform.breaker import Breaker, Skipped
from recsite.platform.exceptions import Unavailable

T = TypeVar("T")


class DatabaseDown(Unavailable):
    """PostgreSQL can't be reached."""


def ask(work: Callable[[], T]) -> T:
    """What `work` reads. Raises DatabaseDown, during an outage at once."""
    try:
        return _breaker.call(work)
    except (OperationalError, InterfaceError, Skipped) as fault:
        raise DatabaseDown("The database can't be reached at the moment. Try again in a few seconds.") from fault


def is_down() -> bool:
    return _breaker.is_open


def forget() -> None:
    """Drops what is known of an outage, for tests that make one."""
    _breaker.close()


def _probe() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


_breaker = Breaker("PostgreSQL", (OperationalError, InterfaceError), _probe)
