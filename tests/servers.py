"""A pytest plugin: a PostgreSQL and a Redis of the tests' own, before Django reads its settings.

Where DATABASE_URL and REDIS_URL are set (workers of xdist inherit them), it does nothing.
"""

import os

import pytest

from recsite.local import locks, servers
from recsite.local.paths import PROJECT, LocalError

os.environ.setdefault("RECSITE_STATE", str(PROJECT / ".local" / "test"))
try:
    used = servers.ensure(durable=False)
    if used.running:
        _turn = locks.wait_for_turn(
            used.state / "tests.lock", "Another test run uses the same database: waiting for it."
        )
except LocalError as error:
    raise pytest.UsageError(str(error)) from error

# Workers of xdist share the server, but not what they keep in it: one's flush must not empty the other's lists.
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{1 + int(_worker[2:]) % 15}"
