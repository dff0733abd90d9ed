"""Decide for each query whether the replica may answer it: only where all of this holds.

- The request said so (`reading`): it reads, and its client has not written a moment ago.
- Nothing was written since, and no transaction is open: its locks and its own rows are the primary's.
- The model is one of REPLICA_MODELS: no sessions, keys, permissions, and nothing that lists are made from.
- The replica is near enough.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from recsite.platform.replica import lag
from recsite.platform.replica.base import REPLICA

_may_be_old: ContextVar[bool] = ContextVar("may_be_old", default=False)


@contextmanager
def reading(may_be_old: bool = True) -> Iterator[None]:
    """Let queries of the block be answered by the replica, or by the primary alone."""
    token = _may_be_old.set(may_be_old)
    try:
        yield
    finally:
        _may_be_old.reset(token)


def may_be_old() -> bool:
    """Tell what was said for here, for those who read later than they are asked, as streams do."""
    return _may_be_old.get()


def alias() -> str:
    """Return the database that a query goes to here which may be a few seconds old."""
    if not _may_be_old.get() or REPLICA not in connections.settings:
        return DEFAULT_DB_ALIAS
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return DEFAULT_DB_ALIAS
    return REPLICA if lag.looks.usable(settings.DATABASE_READ_MAX_LAG_SECS) else DEFAULT_DB_ALIAS


def connection() -> BaseDatabaseWrapper:
    """Return the connection for a statement in SQL that may be answered with what is a few seconds old."""
    return connections[alias()]


class Router:
    """Answer Django's question which database a query goes to."""

    def db_for_read(self, model: type[Model], **_: Any) -> str:
        # Never None: Django would then take the database that a related row was read from.
        return alias() if model._meta.label in settings.REPLICA_MODELS else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **_: Any) -> str:
        """Send every write to the primary, and from then on what this request reads, too."""
        if _may_be_old.get():
            _may_be_old.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_: Any, **__: Any) -> bool:
        """Both hold the same rows."""
        return True

    def allow_migrate(self, db: str, *_: Any, **__: Any) -> bool:
        return db != REPLICA
