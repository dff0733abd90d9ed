"""Two real PostgreSQL servers, a primary and its replica, with the tables of the tests' database in them."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.local import Local
from django.conf import settings
from django.db import connections, router

from deploy.backup.point_in_time import Cluster, run
from recsite.local.home import Home, find_home
from recsite.local.paths import LocalError
from recsite.platform.replica import lag
from recsite.platform.replica.routing import Router
from tests.outages import wait_until

QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "wal_level=replica", "max_wal_senders=4")
USER = "rehearsal"


class Pair:
    """A primary and its replica; the replica can be held back, lost, and brought back."""

    def __init__(self, primary: Cluster, replica: Cluster) -> None:
        self.primary, self.replica = primary, replica

    def hold_back(self) -> None:
        """Let the replica stay as it is, whatever the primary writes."""
        self.catch_up()
        self.replica.ask("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.replica.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def catch_up(self) -> None:
        if self.replica.process is None:
            self.replica.start("hot_standby=on", *QUICK)
        self.replica.ask("SELECT pg_wal_replay_resume()")
        written = self.primary.ask("SELECT pg_current_wal_flush_lsn()")
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn"
        wait_until(lambda: self.replica.ask(reached) == "True")


@contextmanager
def started(tables_of: Mapping[str, Any]) -> Iterator[Pair]:
    """Start both, with the tables, but not the rows, of a database of Django's."""
    try:
        home = find_home(settings.STATE_DIR)
    except LocalError as missing:
        pytest.skip(str(missing))
    folder = home.folder(f"replicas-{os.getpid()}")
    password = secrets.token_hex(16)
    primary, replica = (Cluster(home, folder / name, password) for name in ("primary", "replica"))
    try:
        _make(home, primary)
        primary.start(*QUICK)
        _copy_tables(home, tables_of, primary)
        target = ("-D", replica.folder, "-d", primary.address, "-R", "--checkpoint=fast", "--no-sync")
        run(home, home.postgres_bin / "pg_basebackup", *target)
        replica.start("hot_standby=on", *QUICK)
        yield Pair(primary, replica)
    finally:
        replica.lose()
        primary.lose()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def in_use(pair: Pair) -> Iterator[None]:
    """Have Django use them in the place of the tests' database."""
    plain = {"OPTIONS": {"connect_timeout": 2}, "USER": USER, "NAME": "postgres", "HOST": "127.0.0.1"}
    plain["PASSWORD"] = pair.primary.password
    kept = router.routers
    router.routers = [Router()]
    lag.forget()
    try:
        with connected(
            default={**plain, "PORT": pair.primary.port},
            replica={**plain, "PORT": pair.replica.port, "ENGINE": "recsite.platform.replica"},
        ):
            yield
    finally:
        router.routers = kept
        lag.forget()


@contextmanager
def connected(**servers: dict[str, Any]) -> Iterator[None]:
    """Have Django connect elsewhere for the block, by connections of its own and without a pool."""
    django: Any = connections
    kept = django.settings, django._connections
    plain = {**connections.settings["default"], "OPTIONS": {"connect_timeout": 2}}
    django.settings = {alias: {**plain, **server} for alias, server in servers.items()}
    django._connections = Local(django.thread_critical)
    try:
        yield
    finally:
        connections.close_all()
        django.settings, django._connections = kept


def _make(home: Home, cluster: Cluster) -> None:
    secret = cluster.folder.with_suffix(".password")
    secret.write_text(cluster.password)
    home.hand_over(secret)
    options = ("-U", USER, "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", "--no-sync", f"--pwfile={secret}")
    run(home, home.postgres_bin / "initdb", "-D", cluster.folder, *options)


def _copy_tables(home: Home, database: Mapping[str, Any], into: Cluster) -> None:
    found = {key: str(database[key] or "") for key in ("HOST", "PORT", "USER", "NAME", "PASSWORD")}
    source = f"host={found['HOST']} port={found['PORT'] or 5432} user={found['USER']} dbname={found['NAME']}"
    dump: list[str | Path] = [
        home.postgres_bin / "pg_dump",
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "-d",
        source,
    ]
    environment = {**os.environ, "PGPASSWORD": found["PASSWORD"]}
    tables = subprocess.run(dump, env=environment, capture_output=True, check=True).stdout
    load: list[str | Path] = [home.postgres_bin / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", into.address]
    subprocess.run(load, input=tables, stdout=subprocess.DEVNULL, check=True)
