"""Each role as it is deployed: it answers its probe, tells its metrics, writes lines of JSON, and ends in time."""

from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from recsite import answering, process_roles
from recsite.celery import app
from recsite.local.kafka import Kafka
from recsite.platform import broker, pulse, redis
from recsite.process_roles import ANSWERS, BEAT, CONSUMER, MIGRATE, RELAY, ROLES, WEB, WORKER
from tests import brokers
from tests.outages import wait_until
from tests.platform.lasting import lasting
from tests.roles import Running, content, start

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
TASK = "recsite.platform.tasks.keep_partitions"
TOLD = {
    WEB: ["recommendation_requests_total{", "outbox_waiting", "queue_has_worker{", "partition_months_ahead{"],
    WORKER: [f'tasks_total{{state="SUCCESS",task="{TASK}"}} 1.0', "task_duration_seconds_bucket{"],
    BEAT: ["tasks_sent_total"],
    CONSUMER: ["kafka_consumer_lag{", "event_batches_total", "python_info"],
    RELAY: ["outbox_waiting", "outbox_oldest_age_seconds", "outbox_handed_on_total"],
    ANSWERS: ["redis_cache_hits_total"],
}
"""What each role is asked for, beside all that it tells."""


def tells(role: Running, metrics: list[str]) -> bool:
    told = role.get(role.role.metrics)[1]
    return all(f"\n{wanted}" in told for wanted in metrics)


def judge(role: Running) -> None:
    """What holds for every role that goes on until it is stopped."""
    assert role.health() == (0, f"The {role.role.name} works.")
    wait_until(lambda: tells(role, TOLD[role.role.name]), 60)
    assert role.stop() == 0, role.log.read_text()
    assert role.errors.read_text() == ""
    assert all({"event", "level", "timestamp"} <= line.keys() for line in role.lines())
    assert role.health()[1].startswith(f"The {role.role.name} doesn't answer on port {role.port} (Connection refused)")


def test_web_worker_and_beat(tmp_path: Path) -> None:
    redis.roundtrip(("FLUSHDB",))
    with ExitStack() as stack:
        own = {WEB: {"DRAIN_SECS": "0", "API_WORKERS": "1"}, WORKER: {"WORKER_CONCURRENCY": "1"}, BEAT: {}}
        roles = {name: stack.enter_context(start(name, tmp_path, **settings)) for name, settings in own.items()}
        app.send_task(TASK)
        for role in roles.values():
            content(role)
        assert roles[WEB].get(ROLES[WEB].readiness)[0] == 200
        roles[WEB].get("/api/v1/items")
        out = StringIO()
        call_command("smoke", f"http://127.0.0.1:{roles[WEB].port}", stdout=out)
        assert out.getvalue().endswith("All 9 checks passed.\n")
        for role in roles.values():
            judge(role)


def test_a_worker_that_is_stopped_gives_a_long_task_back(tmp_path: Path) -> None:
    redis.roundtrip(("FLUSHDB",))
    own = {"DJANGO_SETTINGS_MODULE": "tests.lasting_settings", "SHUTDOWN_TIMEOUT_SECS": "9", "WORKER_CONCURRENCY": "1"}
    with start(WORKER, tmp_path, **own) as role:
        content(role)
        lasting.delay()
        wait_until(lambda: "lasting" in role.log.read_text(), 60)
        assert role.stop() == 0
    assert broker.waiting()["default"] == 1
    redis.roundtrip(("FLUSHDB",))


def test_the_roles_of_kafka(kafka: Kafka, tmp_path: Path) -> None:
    with ExitStack() as stack:
        names = [name for name, role in ROLES.items() if role.needs_kafka]
        roles = [stack.enter_context(start(name, tmp_path, **brokers.environment())) for name in names]
        for role in roles:
            content(role)
        for role in roles:
            judge(role)


def test_migrate_writes_lines_of_json_and_ends(tmp_path: Path) -> None:
    with start(MIGRATE, tmp_path) as role:
        assert role.process.wait(120) == 0
        assert role.errors.read_text() == ""
        assert "Running migrations:" in [line["event"] for line in role.lines()]


def test_a_loop_that_has_not_begun_or_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def ping() -> tuple[int, str]:
        status, _, body = answering._answer(process_roles.PING, ROLES[CONSUMER], None)
        return int(status), body.decode()

    pulse.forget()
    assert ping()[0] == 503
    assert "It is starting, or waits for a server that is gone." in ping()[1]
    pulse.beat()
    assert ping() == (200, '{"status": "ok", "role": "consumer"}')
    begun: Any = pulse._pulse.at
    monkeypatch.setattr(pulse._pulse, "at", begun - 100)
    assert ping()[0] == 503
    assert "Its loop has been silent for 100 seconds: it hangs" in ping()[1]
