"""The measurements can be started, though the suite runs none of them."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.bench.posting import post

BENCH = Path(__file__).with_name("bench")
IMPORT_ALL = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


def test_measurements_import_nothing_that_needs_django_before_they_set_it_up() -> None:
    found = [file.stem for file in sorted(BENCH.glob("*.py")) if "django.setup()" in file.read_text()]
    assert len(found) > 10
    command = [sys.executable, "-c", IMPORT_ALL, *(f"tests.bench.{name}" for name in found)]
    done = subprocess.run(command, cwd=BENCH.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]


def test_the_bare_server_that_answers_are_compared_with_can_start() -> None:
    bare = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings", "BENCH_BARE": "yes"}
    command = [sys.executable, "-c", "import django; django.setup(); import tests.bench.bare_urls"]
    done = subprocess.run(command, cwd=BENCH.parents[1], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:]


def test_a_request_that_is_refused_ends_the_measurement() -> None:
    """What is refused costs less than what is stored: its figures would be too good."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nwait")

        threading.Thread(target=refuse, daemon=True).start()
        asked = {"host": "127.0.0.1", "port": listening.getsockname()[1], "form": "ours", "size": 1, "connections": 1}
        with pytest.raises(SystemExit, match="answered 429: b'wait'"):
            post({**asked, "head": "POST /events HTTP/1.1\r\n", "seconds": 5, "seed": 1})
