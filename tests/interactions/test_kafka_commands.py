"""The commands about Kafka say what they did and what is missing in a sentence; lag and waiting events are figures."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from interactions import kafka as clients
from interactions import lag as lags
from interactions import outbox
from interactions.consumers import GROUP, EventConsumer
from interactions.kafka import BrokerDown, Message
from interactions.lag import lag
from interactions.models import DeadLetter
from interactions.producers import produce
from recsite.local.environment import state_dir
from recsite.local.kafka import Kafka
from recsite.local.paths import PROJECT
from tests import brokers, factories
from tests.admin.staff import Staff

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().strip()


@pytest.mark.parametrize("command", ["create_topics", "consume_events", "relay_events"])
def test_without_a_broker_the_commands_say_that_none_is_needed(command: str) -> None:
    with pytest.raises(CommandError, match=r"^KAFKA_BOOTSTRAP_SERVERS is not set: "):
        run(command)


def test_topics_are_listed_before_they_are_made(kafka: Kafka, settings: Any) -> None:
    settings.KAFKA_TOPIC_PREFIX = f"new-{uuid4().hex[:8]}-"
    planned = run("create_topics", "--dry-run")
    assert "user-events: would be made, with" in planned
    assert planned.endswith("Nothing was done.")
    made = run("create_topics").splitlines()
    plan = "made, with 3 partitions, kept once, for 168 hours."
    assert made[0] == f"{settings.KAFKA_TOPIC_PREFIX}user-events: {plan}"
    assert all(line.endswith("is there, 3 partitions; left as it is.") for line in run("create_topics").splitlines())


def test_a_broker_that_is_gone_gets_a_sentence(kafka: Kafka, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    monkeypatch.setattr(clients, "ADMIN_SECS", 1.0)
    with pytest.raises(CommandError, match=r"^Kafka at 127\.0\.0\.1:1 doesn't do that: .*\?$"):
        run("create_topics")


def test_the_relay_says_how_much_it_handed_on(kafka: Kafka) -> None:
    outbox.put([Message("reviews", "ada", b"{}"), Message("reviews", "ada", b"{}")])
    assert run("relay_events", "--once") == "2 events were handed on."
    assert run("relay_events", "--once") == "0 events were handed on."


def test_a_command_beside_a_demo_joins_its_broker(kafka: Kafka) -> None:
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
    environment = {**ours, "DATABASE_URL": url, "RECSITE_STATE": str(state_dir() / "broker")}
    command = [sys.executable, "manage.py", "create_topics", "--dry-run"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "user-events: " in done.stdout


def test_topics_can_be_watched(kafka: Kafka) -> None:
    assert not clients.deliver([Message("model-updates", "x", b'{"kind": "model.promoted"}')])
    command = [sys.executable, "manage.py", "watch_topics", "model-updates", "--from-beginning"]
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    environment = {**os.environ, **brokers.environment(), "DATABASE_URL": url}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == 'model-updates {"kind": "model.promoted"}\n'
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    with pytest.raises(CommandError, match="There is no topic 'nonsense'"):
        run("watch_topics", "nonsense")


def test_lag_is_what_is_on_the_topics_and_not_yet_stored(kafka: Kafka) -> None:
    item = factories.item("emma")
    started = datetime.now(UTC).replace(microsecond=0)
    produce([factories.event(f"reader-{number}", item) for number in range(30)])
    assert sum(one.events for one in lag()) == 30
    assert {one.events for one in lag() if not one.topic.endswith("product-views")} == {0}
    waited = [one.since for one in lag() if one.events]
    assert all(came and started <= came <= datetime.now(UTC) for came in waited)
    assert all(one.since is None for one in lag() if not one.events)
    page = Staff("boss", is_superuser=True).page("/admin/health/kafka/")
    assert "30 events are not yet stored" in page
    assert "Behind Oldest" in page
    consumer = EventConsumer(GROUP)
    consumer.run(lambda: consumer.totals.total() >= 30)
    assert sum(one.events for one in lag()) == 0


def test_metrics_and_health_tell_of_the_event_log(kafka: Kafka) -> None:
    produce([factories.event("ada", "emma")])
    DeadLetter.objects.create(source="api", reason="x", payload={})
    page = Client().get("/metrics").content.decode()
    assert "dead_letters 1.0" in page
    assert "outbox_waiting 0.0" in page
    figures = [line for line in page.splitlines() if line.startswith("kafka_consumer_lag{")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in figures) == 1
    assert f'group="{GROUP}"' in figures[0]
    part = Client().get("/health").json()["parts"]["kafka"]
    assert (part["status"], part["in_use"], part["lag"]) == ("ok", True, 1)
    assert 0 <= part["oldest_secs"] < 60


def test_a_broker_that_is_gone_degrades_and_stops_nothing(kafka: Kafka, settings: Any) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    with pytest.raises(BrokerDown, match="doesn't answer"):
        lag()
    health = Client().get("/health")
    assert health.status_code == 200
    assert health.json()["parts"]["kafka"]["message"].startswith("Kafka doesn't answer: events wait in the outbox")
    page = Client().get("/metrics").content.decode()
    assert "outbox_waiting" in page
    assert "kafka_consumer_lag{" not in page


def test_without_kafka_there_is_nothing_to_lag() -> None:
    assert lag() == []
    assert Client().get("/health").json()["parts"]["kafka"] == {
        "status": "ok",
        "in_use": False,
        "latency_ms": pytest.approx(0, abs=50),
    }


def test_a_partition_whose_leader_is_being_chosen_is_asked_again(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    produce([factories.event("reader", factories.item("emma"))])
    ask, said = lags._ask, [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.COORDINATOR_NOT_AVAILABLE]

    def moving(client: Consumer, topics: Sequence[str]) -> list[lags.Lag]:
        if said:
            raise KafkaException(KafkaError(said.pop()))
        return ask(client, topics)

    monkeypatch.setattr(lags, "_ask", moving)
    assert sum(one.events for one in lag()) == 1
    monkeypatch.setattr(lags, "TIMEOUT_SECS", 0.2)
    said += [KafkaError.NOT_LEADER_FOR_PARTITION] * 100
    with pytest.raises(BrokerDown, match="doesn't answer"):
        lag()
