"""What may be a few seconds old is read from the replica; nobody misses what they wrote, and nobody sees it fail."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, connections, router, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from catalog.models import Item
from interactions.models import Interaction
from recsite import health
from recsite.platform import redis
from recsite.platform.models import Job
from recsite.platform.replica import base, lag, middleware, routing
from tests import replicas
from tests.outages import wait_until
from tests.replicas import Pair

ITEMS, EXPORT = "/api/v1/items", "/api/v1/export/items"


@pytest.fixture(scope="module")
def started(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pair]:
    with replicas.started(connections.settings["default"]) as pair:
        yield pair


@pytest.fixture
def pair(
    started: Pair, settings: Any, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pair]:
    """Both servers, with one item, and Django using them."""
    monkeypatch.setattr(lag, "BELIEVED_SECS", 0.0)
    settings.DATABASE_READ_URL, settings.API_AUTH_REQUIRED = "postgres://replica", False
    # However long a busy machine takes from one line of a test to the next.
    settings.DATABASE_READ_MAX_LAG_SECS, settings.DATABASE_READ_AFTER_WRITE_SECS = 3600, 3602
    with django_db_blocker.unblock(), replicas.in_use(started):
        Item.objects.all().delete()
        Item.objects.create(item_id="emma", title="Emma")
        started.catch_up()
        redis.call(lambda client: client.delete(*client.keys(f"{middleware.KEY}*") or ["none"]))
        wait_until(lambda: lag.looks.usable(3600))
        yield started
        started.catch_up()


def listed(client: Client) -> set[str]:
    answer = client.get(ITEMS)
    assert answer.status_code == 200
    return {item["item_id"] for item in answer.json()["items"]}


def somebody(number: int = 1) -> Client:
    return Client(headers={"Authorization": f"Api-Key number-{number}"})


def test_a_list_is_read_from_the_replica_and_who_wrote_reads_what_they_wrote(pair: Pair) -> None:
    writer, reader = somebody(1), somebody(2)
    assert listed(reader) == {"emma"}
    pair.hold_back()
    sent = writer.post(ITEMS, {"item_id": "ulysses", "title": "Ulysses"}, "application/json")
    assert sent.status_code == 201
    assert listed(writer) == {"emma", "ulysses"}
    assert listed(reader) == {"emma"}


def test_an_export_is_read_from_the_replica_to_its_end(pair: Pair) -> None:
    reader = somebody()
    pair.hold_back()
    Item.objects.create(item_id="ulysses", title="Ulysses")
    answer: Any = reader.get(EXPORT)
    whole = b"".join(answer.streaming_content)
    assert b"emma" in whole
    assert b"ulysses" not in whole


def test_a_replica_that_is_too_far_behind_is_left_out(pair: Pair, settings: Any) -> None:
    settings.DATABASE_READ_MAX_LAG_SECS = 0.5
    reader = somebody()
    pair.hold_back()
    Item.objects.create(item_id="ulysses", title="Ulysses")
    wait_until(lambda: listed(reader) == {"emma", "ulysses"})
    wait_until(lambda: lag.looks.lag() > 1)
    told = health.look_at("replica")
    assert told["status"] == "down"
    assert told["message"].endswith("seconds behind, more than 0.5: all is read from the primary.")
    pair.catch_up()
    wait_until(lambda: health.look_at("replica")["status"] == "ok")


def test_without_the_replica_the_primary_answers_until_it_is_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = somebody()
    with routing.reading(), monkeypatch.context() as believed:
        believed.setattr(lag, "BELIEVED_SECS", 3600.0)
        assert Item.objects.count() == 1
        pair.replica.lose()
        # In the middle of a request, over a connection that worked a moment ago.
        assert routing.alias() == base.REPLICA
        assert Item.objects.count() == 1
        assert routing.alias() == "default"
    lag.looks = lag.Looks()
    assert listed(reader) == {"emma"}
    assert health.look_at("replica")["message"].startswith("The replica doesn't answer")
    pair.catch_up()
    wait_until(lambda: not base.breaker.is_open and lag.looks.usable(3600))
    assert health.look_at("replica")["in_use"]
    with routing.reading():
        assert routing.alias() == base.REPLICA


def test_writes_locks_and_transactions_are_the_primarys(pair: Pair) -> None:
    with routing.reading():
        assert router.db_for_read(Item) == base.REPLICA
        with transaction.atomic():
            assert router.db_for_read(Item) == "default"
            assert Item.objects.select_for_update().get().title == "Emma"
    with routing.reading():
        emma = Item.objects.get()
        assert emma._state.db == base.REPLICA
        emma.title = "Emma, again"
        emma.save()
        # From here on, what was just written is to be seen.
        assert router.db_for_read(Item) == "default"
        assert Item.objects.get().title == "Emma, again"


def test_what_decides_who_may_do_what_is_never_old(pair: Pair) -> None:
    with routing.reading():
        assert {router.db_for_read(model) for model in (Session, Job)} == {"default"}
        assert {router.db_for_read(model) for model in (Item, Interaction)} == {base.REPLICA}
    assert router.db_for_read(Item) == "default"


def test_without_redis_nobody_knows_who_wrote(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = somebody()
    pair.hold_back()
    Item.objects.create(item_id="ulysses", title="Ulysses")

    def gone(*_: Any, **__: Any) -> Any:
        raise redis.RedisDown

    with monkeypatch.context() as away:
        away.setattr(redis, "roundtrip", gone)
        assert listed(reader) == {"emma", "ulysses"}
    # Nor for as long as what was written meanwhile might be missing.
    assert listed(reader) == {"emma", "ulysses"}


def test_a_server_that_takes_writes_is_no_replica(pair: Pair) -> None:
    connections["replica"].close()
    connections["replica"].settings_dict["PORT"] = pair.primary.port
    assert health.look_at("replica")["message"] == lag.NO_REPLICA
    with routing.reading():
        assert routing.alias() == "default"


@pytest.mark.parametrize(
    ("cause", "is_asked"),
    [(psycopg.errors.SerializationFailure(), True), (psycopg.errors.QueryCanceled(), False)],
)
def test_a_query_that_clashes_with_the_replay_goes_to_the_primary(cause: Exception, is_asked: bool) -> None:
    fault = OperationalError("no")
    fault.__cause__ = cause
    assert base.may_ask_elsewhere(fault) is is_asked


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/admin/overview/", True),
        ("/admin/interactions/interaction/", True),
        ("/api/v1/users/ada/lovelace/interactions", True),
        ("/api/v1/analytics/algorithms", True),
        ("/admin/people/7/", False),
        ("/api/v1/users/ada/why-not", False),
        ("/api/v1/users/ada/export", False),
        ("/api/v1/recommendations/users/ada", False),
        ("/", False),
    ],
)
def test_only_what_makes_nobody_s_list_may_be_old(path: str, may: bool) -> None:
    assert (middleware.PATHS.fullmatch(path) is not None) is may


@pytest.mark.django_db
def test_without_a_replica_nothing_asks_for_one() -> None:
    assert base.REPLICA not in connections
    with routing.reading():
        assert routing.connection().alias == connection.alias
    assert health.look_at("replica")["in_use"] is False
