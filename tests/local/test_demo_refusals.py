"""What `make demo` refuses, in one sentence, before anything slow happens."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recsite.local import locks
from recsite.local.paths import PROJECT
from recsite.local.source import Source
from tests.local.users import environ


def refusal(state: Path, **more: str) -> str:
    command = [sys.executable, "-m", "recsite.local", "demo"]
    settings = environ(RECSITE_STATE=str(state), **more)
    done = subprocess.run(command, cwd=PROJECT, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_port_that_is_taken(state: Path) -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        taker.listen()
        port = str(taker.getsockname()[1])
        said = refusal(state, PORT=port)
    assert f"Port {port}" in said
    assert "PORT=8123" in said


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "8 000"])
def test_a_port_that_is_no_port(state: Path, port: str) -> None:
    assert "PORT is" in refusal(state, PORT=port)


def test_data_without_a_format_and_a_format_without_data(state: Path) -> None:
    assert "FORMAT is missing" in refusal(state, DATA="tests")
    assert "DATA is missing" in refusal(state, FORMAT="csv")


def test_data_that_are_not_there(state: Path) -> None:
    assert "no such folder" in refusal(state, DATA="no such folder", FORMAT="csv")


def test_another_data_set_than_the_one_that_is_loaded(state: Path) -> None:
    state.mkdir()
    Source("/data/mine", "csv").remember(state, complete=True)
    said = refusal(state, DATA="tests", FORMAT="csv")
    assert "/data/mine (csv)" in said
    assert "make reset" in said


def test_a_second_demo_in_the_same_place(state: Path) -> None:
    state.mkdir()
    with locks.exclusive(state / "demo.lock"):
        (state / "demo.lock").write_text(json.dumps({"url": "http://127.0.0.1:8765", "pid": 0}))
        assert "already runs at http://127.0.0.1:8765" in refusal(state)


def test_a_production_environment(state: Path) -> None:
    assert "ENVIRONMENT is production" in refusal(state, ENVIRONMENT="production")
