"""A second database on the tests' server, and manage.py with other settings."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection

from recsite.local.paths import PROJECT


def url(name: str) -> str:
    """The address of another database on the same server."""
    given = connection.settings_dict
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{given['HOST']}:{given['PORT']}/{name}"


@contextmanager
def empty_database(name: str) -> Iterator[str]:
    """Make a database for the block; its address."""
    with psycopg.connect(url("postgres"), autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {name}")
        try:
            yield url(name)
        finally:
            session.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py as an operator does."""
    environment = {**os.environ, "LOG_LEVEL": "WARNING", **settings}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
