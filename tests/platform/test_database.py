from collections.abc import Iterator

import psycopg
import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable
from tests.outages import no_postgres


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    yield
    database.forget()


def failing(cause: Exception | None) -> None:
    raise OperationalError("It failed.") from cause


def test_what_is_read_is_handed_on() -> None:
    assert database.ask(lambda: 42) == 42


@pytest.mark.parametrize(
    "cause",
    [
        None,
        psycopg.OperationalError("connection refused"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.CannotConnectNow(),
        psycopg.errors.TooManyConnections(),
        psycopg.errors.ConnectionFailure(),
    ],
)
def test_when_the_server_is_gone_the_next_one_is_told_at_once(cause: Exception | None) -> None:
    asked: list[int] = []
    with pytest.raises(DatabaseDown, match="Try again"):
        database.ask(lambda: failing(cause))
    with pytest.raises(Unavailable):
        database.ask(lambda: asked.append(1))
    assert asked == []


@pytest.mark.parametrize(
    "cause", [psycopg.errors.DeadlockDetected(), psycopg.errors.QueryCanceled(), psycopg.errors.DiskFull()]
)
def test_a_query_that_failed_alone_leaves_the_others_alone(cause: Exception) -> None:
    with pytest.raises(DatabaseDown):
        database.ask(lambda: failing(cause))
    assert database.ask(lambda: 42) == 42


def test_a_wrong_query_is_no_outage() -> None:
    def wrong() -> None:
        raise DataError("out of range")

    with pytest.raises(DataError):
        database.ask(wrong)
    assert database.ask(lambda: 42) == 42


@pytest.mark.django_db
def test_a_prepared_statement_is_seen_by_those_who_watch_queries_and_refused_by_those_who_refuse() -> None:
    with CaptureQueriesContext(connection) as asked:
        assert database.prepared("SELECT %(number)s::int + 1", {"number": 41}) == [(42,)]
    assert len(asked) == 1
    with no_postgres() as refused, pytest.raises(OperationalError):
        database.prepared("SELECT 1", {})
    assert refused == ["SELECT 1"]
