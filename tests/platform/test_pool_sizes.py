"""How many connections each role may open, and whether PostgreSQL has them."""

from typing import Any

import pytest
from django.core import checks
from django.db import connection
from django.db.backends.utils import CursorWrapper

from recsite import connection_check, pool_sizes
from recsite.pool_sizes import Size


@pytest.mark.parametrize(("role", "connections"), [("web", 9), ("worker", 3), ("beat", 3), ("consumer", 3), ("", 10)])
def test_a_pool_is_as_large_as_its_threads_need(role: str, connections: int) -> None:
    assert pool_sizes.needed(role, web_threads=6) == connections


def test_the_sum_counts_processes_pools_and_locks() -> None:
    size = Size(web_processes=2, web_threads=4)
    deployed = {"web": 3, "worker": 1, "training": 2, "beat": 1, "consumer": 1}
    # Two processes of 7; a parent and two children of 3 with a lock; one child of the training queue; pools and locks.
    assert pool_sizes.total(deployed, size) == 3 * 14 + 9 + 2 * 5 + 4 + 4


def test_a_size_that_is_set_holds_for_every_pool() -> None:
    assert Size(2, 4, pool=5).of("web") == 10
    assert Size(2, 4, pool=5).of("beat") == 6
    assert Size(2, 4, pool=5, concurrency=4).of("worker") == 1 + 4 * 6


@pytest.mark.django_db
def test_too_few_connections_for_what_is_deployed_are_a_warning(settings: Any) -> None:
    settings.API_WORKERS, settings.WORKER_THREADS, settings.DATABASE_POOL_CONNECTIONS = 2, 4, 0
    with connection.cursor() as cursor:
        offered = room(cursor)
    settings.DEPLOYED_ROLES = {"beat": (offered - pool_sizes.FOR_PEOPLE) // 4}
    assert checks.run_checks(tags=[checks.Tags.database], databases=["default"]) == []
    settings.DEPLOYED_ROLES = {"beat": offered // 4}
    (found,) = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    assert found.id == "recsite.W004"
    left = offered - pool_sizes.FOR_PEOPLE
    assert found.msg.startswith(
        f"The roles of DEPLOYED_ROLES may open {offered // 4 * 4} connections, but PostgreSQL has {left} for them"
    )


@pytest.mark.django_db
def test_behind_a_pooler_its_own_limits_count(settings: Any) -> None:
    settings.DEPLOYED_ROLES, settings.DATABASE_DIRECT_URL = {"web": 1000}, "postgres://direct"
    assert connection_check.check(databases=["default"]) == []


def room(cursor: CursorWrapper) -> int:
    """Return how many connections those who are no superusers may have."""
    cursor.execute("SELECT name, setting::int FROM pg_settings WHERE name ~ '^(max|(superuser_)?reserved)_connections'")
    found = dict(cursor.fetchall())
    return found["max_connections"] - found["superuser_reserved_connections"] - found.get("reserved_connections", 0)
