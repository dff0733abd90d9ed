"""What operators do while users are served: no request fails, and no event is lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from deploy.rehearsal.front import Answer
from deploy.rehearsal.traffic import Traffic
from interactions.models import Interaction
from tests.outages import wait_until
from tests.recommender.fixtures import Shop, open_shop, popular, publish
from tests.web import Web, web_server

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
USERS = ["ada", "ben", "cleo", "newcomer"]
MANY = 150
"""Requests that are answered before and after each step."""


class Door:
    """Ask a web process as the rehearsal asks nginx."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        client = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            client.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = client.getresponse()
            return Answer(answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read())
        finally:
            client.close()


@pytest.fixture
def shop(transactional_db: None, model_folders: None) -> Shop:
    return open_shop()


@pytest.fixture
def loaded(shop: Shop, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Web, Traffic]]:
    """A web server of two processes, and those who ask it all the time."""
    settings = {
        "API_WORKERS": "2",
        "API_PRELOAD": "true",
        "API_AUTH_REQUIRED": "false",
        **getattr(request, "param", {}),
    }
    with ExitStack() as stack:
        web = stack.enter_context(web_server(tmp_path, **settings))
        items = [item.item_id for item in shop.items]
        yield web, stack.enter_context(Traffic(Door(web.port), "none", USERS, items))


def answered(traffic: Traffic, many: int = MANY) -> None:
    """Wait for so many more answers; none may have failed."""
    enough = traffic.statuses.total() + many
    wait_until(lambda: traffic.statuses.total() >= enough, 120)
    assert traffic.failed == {}


def settled(traffic: Traffic) -> None:
    """Every event that was accepted is stored."""
    traffic.__exit__()
    assert traffic.failed == {}
    assert traffic.accepted
    assert Interaction.objects.filter(event_id__in=traffic.accepted).count() == len(traffic.accepted)


def release_of(web: Web) -> Any:
    return json.loads(web.get("/api/v1/recommendations/users/ada")[1])["release"]


def run(*statements: str) -> Callable[[], None]:
    def change() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return change


EXPAND_AND_CONTRACT = {
    "expand": run(
        "ALTER TABLE catalog_item ADD COLUMN shelf_mark varchar(20)",
        "ALTER TABLE interactions_interaction ADD COLUMN shelf_mark varchar(20)",
    ),
    "fill": run("UPDATE catalog_item SET shelf_mark = 'A'", "UPDATE interactions_interaction SET shelf_mark = 'A'"),
    "constrain": run(
        "ALTER TABLE catalog_item ADD CONSTRAINT marked CHECK (shelf_mark <> '') NOT VALID",
        "ALTER TABLE catalog_item VALIDATE CONSTRAINT marked",
    ),
    "contract": run(
        "ALTER TABLE catalog_item DROP COLUMN shelf_mark",
        "ALTER TABLE interactions_interaction DROP COLUMN shelf_mark",
    ),
}


def test_promotions_and_a_migration_that_expands_and_contracts(loaded: tuple[Web, Traffic], shop: Shop) -> None:
    """Statements that each connection has prepared, and copies in memory, outlive columns that come and go."""
    web, traffic = loaded
    answered(traffic)
    for change in EXPAND_AND_CONTRACT.values():
        change()
        live = publish({"popular": popular(shop.items)})
        answered(traffic, 50)
    wait_until(lambda: release_of(web) == live.pk, 20)
    settled(traffic)


@pytest.mark.parametrize("loaded", [{"API_WORKER_MAX_REQUESTS": "40"}], indirect=True)
def test_processes_that_are_replaced(loaded: tuple[Web, Traffic], tmp_path: Path) -> None:
    """Each takes the place of another after some requests: what they counted stays, in files that don't pile up."""
    web, traffic = loaded
    answered(traffic, 300)
    settled(traffic)
    assert web.log.read_text().count("Autorestarting worker") >= 4
    files = list((tmp_path / "metrics" / str(web.port)).glob("counter_*.db"))
    assert len(files) <= 4, "one of each process, of one that comes, and of those that are gone"
    told = web.get("/metrics")[1].splitlines()
    asked = [line for line in told if line.startswith("recommendation_requests_total{")]
    assert sum(float(line.rpartition(" ")[2]) for line in asked) == traffic.statuses.total()
