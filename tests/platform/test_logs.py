"""Logs of every process: the level holds for all, lines are JSON with the request's id, users are hashes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
import structlog
from celery.signals import before_task_publish
from django.test import Client

from recommender.serving import kafka_requests
from recsite.celery import app
from recsite.local.paths import PROJECT
from recsite.logging import logging_config
from recsite.platform.exceptions import UserFacingError
from recsite.platform.log_privacy import hashed
from tests.outages import wait_until
from tests.platform.test_settings import SOUND
from tests.web import worker

SERVICES = ("consume_events", "relay_events", "answer_requests")


@pytest.mark.parametrize("level", ["DEBUG", "ERROR"])
def test_the_level_holds_for_django_too(level: str) -> None:
    loggers = logging_config("json", level)["loggers"]
    assert {loggers[name]["level"] for name in ("django", "django.server", "recsite.access")} == {level}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        *((("manage.py", name), "json INFO stdout") for name in SERVICES),
        (("manage.py", "train"), "console WARNING stderr"),
        (("celery", "worker"), "json INFO stdout"),
    ],
)
def test_what_runs_until_stopped_logs_json_on_standard_output(
    tmp_path: Path, command: tuple[str, ...], expected: str
) -> None:
    script = (
        f"import sys; sys.argv = {list(command)!r}; from recsite import settings as s; "
        "print(s.LOG_FORMAT, s.LOG_LEVEL, s.LOGGING['handlers']['lines']['stream'].removeprefix('ext://sys.'))"
    )
    own = {"PATH": os.defpath, "RECSITE_STATE": str(tmp_path), **SOUND}
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, env=own, capture_output=True, text=True)
    assert done.stdout.strip() == expected, done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("user_id", ["ada.lovelace", "1", "users", "a/b"])
@pytest.mark.parametrize("path", ["/api/v1/users/{}", "/api/v1/recommendations/users/{}", "/api/v1/users/{}/merge"])
@pytest.mark.parametrize("mounted", ["", "/shop"])
def test_lines_name_no_user(
    client: Client, caplog: pytest.LogCaptureFixture, path: str, user_id: str, mounted: str
) -> None:
    """Nothing but the id is replaced: "1" in "/api/v1" as well would tell whose hash it is."""
    client.get(path.format(user_id), SCRIPT_NAME=mounted)
    lines = [record for record in caplog.records if record.name == "recsite.access"]
    assert [record.msg["path"] for record in lines if isinstance(record.msg, dict)] == [
        mounted + path.format(f"~{hashed(user_id)}")
    ]


@pytest.mark.django_db
def test_django_s_own_lines_name_no_user_either(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/api/v1/users/ada.lovelace")
    formatter = logging_config("json", "INFO")["formatters"]["lines"]
    build = formatter.pop("()")
    lines = [build(**formatter).format(record) for record in caplog.records if record.name == "django.request"]
    assert lines
    assert not any("ada.lovelace" in line for line in lines)


@pytest.mark.django_db
def test_a_wrong_host_is_one_line_and_a_sentence(
    client: Client, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["shop.example"]
    answer = client.get("/", headers={"Host": "stranger.example"})
    assert answer.status_code == 400
    assert "Whoever operates it adds names by ALLOWED_HOSTS." in answer.content.decode()
    for style in ("json", "console"):
        formatter = logging_config(style, "INFO")["formatters"]["lines"]
        build = formatter.pop("()")
        told = [build(**formatter).format(one) for one in caplog.records if one.name.startswith("django.security")]
        assert [len(line.splitlines()) for line in told] == [1]
        assert "stranger.example" in told[0]
        assert "Traceback" not in told[0]


def test_the_hash_needs_the_secret(settings: object) -> None:
    first = hashed("ada")
    setattr(settings, "SECRET_KEY", "another " * 10)  # noqa: B010 - pytest-django's settings take any name
    assert hashed("ada") != first


def test_a_task_carries_the_id_of_its_request() -> None:
    headers: dict[str, str] = {}
    with structlog.contextvars.bound_contextvars(request_id="ada-1"):
        before_task_publish.send("x", headers=headers)
    assert headers["request_id"] == "ada-1"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_worker_writes_json_lines_with_the_id_of_the_request(tmp_path: Path) -> None:
    with worker(tmp_path):
        with structlog.contextvars.bound_contextvars(request_id="ada-42"):
            app.send_task("recsite.platform.tasks.keep_partitions")
        wait_until(lambda: "ada-42" in (tmp_path / "worker.log").read_text(), 60)
        # Before it stops: Celery's last words on being stopped are its own.
        lines = (tmp_path / "worker.log").read_text().splitlines()
    assert [line for line in lines if line.strip() and not line.startswith("{")] == []
    assert any(json.loads(line).get("request_id") == "ada-42" for line in lines if line.strip())


def test_the_lines_about_a_message_carry_the_id_of_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def recommend(request: object) -> NoReturn:
        seen.append(structlog.contextvars.get_contextvars().get("request_id"))
        raise UserFacingError("Nothing is live.")

    monkeypatch.setattr("recommender.serving.kafka_requests.serving.recommend", recommend)
    message = {"version": 1, "request_id": "ada-7", "user_id": "ada"}
    kafka_requests._reply_after_outages(json.dumps(message).encode(), lambda: False)
    assert seen == ["ada-7"]
    assert "request_id" not in structlog.contextvars.get_contextvars()
