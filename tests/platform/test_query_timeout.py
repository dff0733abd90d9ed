"""A PostgreSQL that hangs: nobody waits long, who can answers without it, and it is used again once it is back."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from recsite.platform import query_timeout
from recsite.platform.query_timeout import LimitedConnection
from tests.outages import Proxy, wait_until
from tests.web import Web, environment, web_server

SOON = 15.0
"""Far less than for ever, far more than a busy machine needs."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    url = urlsplit(os.environ["DATABASE_URL"])
    made = Proxy(str(url.hostname), int(url.port or 5432))
    yield made
    made.close()


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_timeout._process, "limit", 1.0)


def through(proxy: Proxy, url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}"))


def test_a_connection_that_says_nothing_is_given_up(proxy: Proxy, limited: None) -> None:
    with LimitedConnection.connect(through(proxy, os.environ["DATABASE_URL"])) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        proxy.hang()
        with pytest.raises(psycopg.OperationalError, match=r"said nothing for 1 seconds\.$"):
            connection.execute("SELECT 1")
        assert connection.closed


def test_a_shorter_limit_holds_for_a_block_only(limited: None) -> None:
    connection = LimitedConnection.connect(os.environ["DATABASE_URL"])
    with query_timeout.at_most(0.2), pytest.raises(psycopg.OperationalError, match=r"for 0\.2 seconds"):
        connection.execute("SELECT pg_sleep(0.6)")
    with LimitedConnection.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SELECT pg_sleep(0.6)")


def test_a_process_without_a_limit_waits_as_long_as_it_takes() -> None:
    with query_timeout.at_most(0.1), LimitedConnection.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SELECT pg_sleep(0.4)")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_hung_server_is_found_out_soon_and_used_again(proxy: Proxy, tmp_path: Path) -> None:
    url = through(proxy, environment(tmp_path)["DATABASE_URL"])
    settings = {"DATABASE_PATIENCE_SECS": "2", "API_WORKERS": "1", "API_AUTH_REQUIRED": "false"}
    with web_server(tmp_path, DATABASE_URL=url, **settings) as web:
        recommendations = "/api/v1/recommendations/users/ada"
        assert [web.get(path)[0] for path in ("/ready", recommendations)] == [200, 200]
        proxy.hang()
        for path, status in (("/ready", 503), ("/health", 503), (recommendations, 200), ("/api/v1/items", 503)):
            assert timed(web, path) == (status, True), path
        proxy.wake()
        wait_until(lambda: web.get("/ready")[0] == 200)
        wait_until(lambda: web.get("/api/v1/items")[0] == 200)


def timed(web: Web, path: str) -> tuple[int, bool]:
    """The status of the answer, and whether it came soon."""
    started = time.monotonic()
    status, _ = web.get(path)
    return status, time.monotonic() - started < SOON


def test_the_server_ends_a_long_statement_and_the_connection_lives_on(limited: None) -> None:
    with LimitedConnection.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            connection.execute("SELECT pg_sleep(5)")
        assert connection.execute("SELECT 1").fetchone() == (1,)
        still = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(5)%%' AND state = 'active'"
        assert connection.execute(still).fetchone() == (0,)


def test_options_of_the_address_are_kept(limited: None) -> None:
    with LimitedConnection.connect(os.environ["DATABASE_URL"], options="-c application_name=shop") as connection:
        assert connection.execute("SHOW application_name").fetchone() == ("shop",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("800ms",)


def waiting(locker: psycopg.Connection) -> int:
    """Count the statements that wait for a lock now; a transaction keeps what it has seen until it is told."""
    locker.execute("SELECT pg_stat_clear_snapshot()")
    row = locker.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
    return int(row[0]) if row else 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_lock_that_holds_up_one_page_is_no_outage(tmp_path: Path) -> None:
    settings = {"DATABASE_PATIENCE_SECS": "2", "API_WORKERS": "1", "API_AUTH_REQUIRED": "false"}
    url = environment(tmp_path)["DATABASE_URL"]
    with web_server(tmp_path, **settings) as web, psycopg.connect(url) as locker:
        assert web.get("/api/v1/items")[0] == 200
        locker.execute("LOCK TABLE catalog_item IN ACCESS EXCLUSIVE MODE")
        status, body = web.get("/api/v1/items")
        assert (status, "could not answer this in time" in body) == (503, True)
        assert web.get("/api/v1/users")[0] == 200
        # A thread that reads the catalogue may have begun to wait as well; its statement ends like the other one.
        wait_until(lambda: waiting(locker) == 0)
        locker.rollback()
        assert web.get("/api/v1/items")[0] == 200
        assert "PostgreSQL is gone" not in web.log.read_text()


def test_the_pool_checks_a_connection_without_asking_the_server(proxy: Proxy, limited: None) -> None:
    with LimitedConnection.connect(through(proxy, os.environ["DATABASE_URL"]), autocommit=True) as connection:
        proxy.hang()
        connection.execute("")
        assert not connection.closed


def test_the_pool_finds_out_that_the_server_ended_a_connection() -> None:
    url = os.environ["DATABASE_URL"]
    connection = LimitedConnection.connect(url, autocommit=True)
    with LimitedConnection.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        connection.execute("")


def test_a_closed_connection_fails_the_check() -> None:
    connection = LimitedConnection.connect(os.environ["DATABASE_URL"], autocommit=True)
    connection.close()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("")
