"""Behind pgbouncer in transaction mode each transaction gets any session: what would break by that is left alone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from recsite.local.server import free_port
from recsite.platform import database, locks
from tests.outages import wait_until
from tests.replicas import connected

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
STATEMENT = "SELECT %(number)s::int"
CONFIGURATION = """
[databases]
{name} = host={host} port={port} user={user} password={password} dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
auth_type = any
pool_mode = transaction
default_pool_size = 2
unix_socket_dir =
logfile =
"""

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="There is no pgbouncer: apt-get install pgbouncer")


@pytest.fixture
def pooler(settings: Any, django_db_setup: None) -> Iterator[int]:
    """Have Django connect to the tests' database by a pooler; return the pooler's port."""
    server, port = connections["default"].settings_dict, free_port()
    names = {key.lower(): server[key] for key in ("NAME", "HOST", "USER", "PASSWORD")}
    # Where the account that runs it may read, too.
    folder = Path(tempfile.mkdtemp(prefix="recsite-pooler-", dir="/var/tmp"))
    folder.chmod(0o755)
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(**names, port=server["PORT"] or 5432, own=port))
    file.chmod(0o644)
    assert PGBOUNCER
    process = subprocess.Popen([PGBOUNCER, "-q", str(file)], stderr=subprocess.DEVNULL, user=_account())
    try:
        wait_until(lambda: _answers(port, str(names["name"])))
        secret, user = quote(str(names["password"]), ""), names["user"]
        settings.DATABASE_DIRECT_URL = f"postgres://{user}:{secret}@{names['host']}:{server['PORT']}/{names['name']}"
        yield port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _account() -> str | None:
    """Return who runs it where root does not: pgbouncer refuses to."""
    return None if os.getuid() else "nobody"


def _answers(port: int, name: str) -> bool:
    try:
        psycopg.connect(host="127.0.0.1", port=port, dbname=name, user="any", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def through(pooler: int, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Use the pooler for the test."""
    with django_db_blocker.unblock(), connected(default={"HOST": "127.0.0.1", "PORT": pooler}):
        yield


def backends() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_statement_works_whichever_session_it_meets(through: None, pooler: int) -> None:
    name = connection.settings_dict["NAME"]
    assert database.prepared(STATEMENT, {"number": 1}) == [(1,)]
    first = backends()
    # Somebody else has that session now, and does not give it back.
    with psycopg.connect(host="127.0.0.1", port=pooler, dbname=name, user="any") as other:
        taken = other.execute("SELECT pg_backend_pid()").fetchone()
        assert taken == (first,)
        assert backends() != first
        assert database.prepared(STATEMENT, {"number": 2}) == [(2,)]


def test_a_lock_is_held_by_a_session_of_the_server_s_own(through: None) -> None:
    with locks.exclusive("training"):
        for _ in range(3):
            assert locks.is_held("training")
            with pytest.raises(locks.AlreadyRunning), locks.exclusive("training"):
                raise AssertionError
    assert not locks.is_held("training")
