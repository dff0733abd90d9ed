"""Work alone with the users: nobody makes one, or stores an event, meanwhile. Readers and backups work on."""

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from recsite.platform.exceptions import AlreadyRunning, Unavailable

T = TypeVar("T")
ATTEMPTS = 5
# It waits for everybody who stores events, and keeps them waiting; it lets readers and a backup work on.
LOCK_USERS = "SET LOCAL lock_timeout = '3s'; LOCK TABLE catalog_enduser IN SHARE ROW EXCLUSIVE MODE"


class UsersBusy(AlreadyRunning, Unavailable):
    """Say that users are being stored without a pause: trying again later helps, so that the API answers 503."""


def alone_with_users(work: Callable[[], T], undone: str) -> T:
    """Run `work` in a transaction of its own that holds the lock, and return what it returns.

    Raises UsersBusy, which says what is `undone`, where users are being stored without a pause.
    """
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(LOCK_USERS)
                return work()
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
    raise UsersBusy(f"Users are being stored all the time (a large import?), so {undone}. Try again later.")
