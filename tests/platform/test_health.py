"""/ping, /health and /ready: what is gone is named, and only what stops every answer takes the process out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from celery.signals import heartbeat_sent
from django.test import Client
from django.utils import timezone

from interactions import outbox
from interactions.kafka import Message
from interactions.models import OutboxMessage
from recsite import health
from recsite.local.server import free_port
from recsite.platform import draining, workers
from recsite.platform.models import ApiKey
from tests import factories
from tests.admin.staff import Staff
from tests.outages import stoppable_redis
from tests.web import Web, web_server

pytestmark = pytest.mark.django_db


def parts(client: Client) -> dict[str, Any]:
    return dict(client.get("/health").json()["parts"])


def test_it_is_alive_whatever_is_gone(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/ping").json() == {"status": "ok"}


def test_all_is_well(client: Client, settings: Any) -> None:
    factories.release(factories.model_version(), promoted_at=timezone.now())
    workers.note()
    told = client.get("/health").json()
    assert told["version"] == settings.VERSION
    assert {name: part["status"] for name, part in told["parts"].items()} == dict.fromkeys(health.PARTS, "ok")
    assert told["status"] == "ok"
    assert all(part["latency_ms"] >= 0 for part in told["parts"].values())


def test_before_the_first_release_it_is_degraded_and_ready(client: Client) -> None:
    assert parts(client)["release"]["message"] == "Nothing is live yet: run 'manage.py train'."
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert client.get("/ready").status_code == 200


def test_without_redis_it_is_degraded_and_ready(client: Client, settings: Any, tmp_path: Path) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        found = parts(client)
        assert (found["redis"]["status"], found["worker"]["status"]) == ("down", "down")
        assert client.get("/health").status_code == client.get("/ready").status_code == 200


def test_a_worker_that_falls_silent_is_missed(client: Client, settings: Any, tmp_path: Path) -> None:
    with stoppable_redis(tmp_path, settings):
        assert parts(client)["worker"]["status"] == "down"
        heartbeat_sent.send(sender=None)
        assert parts(client)["worker"]["status"] == "ok"


def test_a_broker_that_is_gone_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_read_url", f"redis://127.0.0.1:{free_port()}/0")
    assert parts(client)["broker"]["status"] == "down"


def test_a_disk_that_is_nearly_full_is_named(client: Client, settings: Any) -> None:
    settings.ALERT_FREE_SHARE = 1.1
    found = parts(client)
    assert found["disk"]["message"].startswith("Less than 110% of the disk is free")
    assert found["memory"]["status"] == "down"


def test_a_catalogue_that_is_kept_in_a_costly_way_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.snapshot.fault", lambda: "The catalogue can't be kept in /nowhere.")
    assert parts(client)["catalogue"]["message"] == "The catalogue can't be kept in /nowhere."


def test_while_draining_it_is_not_ready_but_alive(client: Client) -> None:
    draining.begin()
    try:
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()) == (503, {"status": "draining"})
        assert client.get("/ping").status_code == 200
    finally:
        draining._flag[0] = 0


def test_strangers_are_told_whether_it_works_and_no_more(client: Client) -> None:
    stranger: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.get("/health", **stranger).json().keys() == {"status", "timestamp"}
    wrong = {"Authorization": "Api-Key wrong.key"}
    assert "parts" not in client.get("/health", headers=wrong, **stranger).json()
    key = ApiKey.objects.create_key(name="probe", scopes=["read"])[1]
    assert "parts" in client.get("/health", headers={"Authorization": f"Api-Key {key}"}, **stranger).json()
    boss = Staff("boss", is_superuser=True)
    assert "parts" in boss.client.get("/health", **stranger).json()
    assert "parts" in client.get("/health", REMOTE_ADDR="10.1.2.3").json()


def test_many_who_ask_at_once_cost_one_look(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def look() -> dict[str, Any]:
        looks.append(1)
        return {}

    monkeypatch.setattr(health, "CACHED_SECS", 60.0)
    monkeypatch.setattr(health, "_looked", health._Looked())
    monkeypatch.setitem(health.PARTS, "memory", look)
    for _ in range(5):
        assert client.get("/health").status_code == 200
    assert len(looks) == 1


def test_an_outbox_that_grows_is_named(client: Client, settings: Any) -> None:
    settings.ALERT_OUTBOX = 1
    row = OutboxMessage(topic="reviews", key="ada", value=b"{}", created_at=timezone.now() - timedelta(minutes=5))
    row.save()
    assert parts(client)["outbox"]["oldest_secs"] == pytest.approx(300, abs=10)
    outbox.put([Message("reviews", "ada", b"{}")])
    assert parts(client)["outbox"]["message"].startswith("2 events wait for Kafka: check that it answers")


@pytest.fixture(scope="module")
def without_postgres(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Web]:
    gone = f"postgres://ada:secret@127.0.0.1:{free_port()}/recsite"
    with web_server(tmp_path_factory.mktemp("web"), DATABASE_URL=gone) as server:
        yield server


def test_without_the_database_it_is_not_ready(without_postgres: Web) -> None:
    assert without_postgres.get("/ready") == (503, '{"status": "down"}')
    status, body = without_postgres.get("/health")
    assert status == 503
    assert '"database": {"status": "down", "message": "PostgreSQL doesn\'t answer."' in body
    assert "secret" not in body


def test_without_the_database_the_api_says_so(without_postgres: Web) -> None:
    for path in ("models/live", "recommendations/users/ada"):
        status, body = without_postgres.get(f"/api/v1/{path}", Authorization="Api-Key abcdefgh." + "x" * 32)
        assert status == 503
        assert '"code": "unavailable"' in body.replace('":"', '": "')
