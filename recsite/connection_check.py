"""Check that PostgreSQL has a connection for every process that is deployed. `manage.py check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, Error, connection

from recsite import pool_sizes

OFFERED = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)
"""


def sentence(planned: int, offered: int) -> str:
    """Say what is wrong where the roles may open more connections than the server has; empty where all is well."""
    left = offered - pool_sizes.FOR_PEOPLE
    if planned <= left:
        return ""
    return (
        f"The roles of DEPLOYED_ROLES may open {planned} connections, but PostgreSQL has {left} for them "
        f"({offered}, less {pool_sizes.FOR_PEOPLE} for backups and people)."
    )


def planned() -> int:
    """Return how many connections the deployment may open, as the settings of this process say it."""
    size = pool_sizes.Size(settings.API_WORKERS, settings.WORKER_THREADS, settings.DATABASE_POOL_CONNECTIONS)
    return pool_sizes.total(settings.DEPLOYED_ROLES, size)


def check(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Compare them. `migrate` runs this, too; behind a pooler, its own limits count instead."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or not settings.DEPLOYED_ROLES or settings.DATABASE_DIRECT_URL:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(OFFERED)
            offered = int(cursor.fetchone()[0])
    except Error:
        # Whoever needs the server will say so.
        return []
    found = sentence(planned(), offered)
    hint = "Raise max_connections, run fewer processes, or put a pooler in between (docs/POSTGRESQL.md)."
    return [checks.Warning(found, hint=hint, id="recsite.W004")] if found else []
