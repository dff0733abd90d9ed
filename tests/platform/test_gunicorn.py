"""The web server: drains before it stops, adds up metrics, measures chunked bodies, refuses a taken port."""

import errno
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from recsite.local.paths import PROJECT
from recsite.platform import draining
from recsite.web_worker import DeadlineWorker
from tests.outages import wait_until
from tests.web import Web, web_server

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Web]:
    with web_server(tmp_path_factory.mktemp("web"), MAX_REQUEST_SIZE="100000", API_AUTH_REQUIRED="false") as server:
        yield server


def test_the_metrics_of_two_workers_add_up(web: Web) -> None:
    workers: set[str] = set()
    asked = 0
    while len(workers) < 2:
        asked += 4
        threads = [threading.Thread(target=lambda: workers.add(web.get("/slow?seconds=0.2")[1])) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    labels = 'door="shop",endpoint="tests.web_urls.slow",method="GET",status="200"'
    counted = f"recommendation_requests_total{{{labels}}}"
    assert f"{counted} {float(asked)}" in web.get("/metrics")[1].splitlines()


def test_a_chunked_body_is_read_whole(web: Web) -> None:
    answer = web.post_in_chunks("/api/length", iter([b"x" * 40_000, b"y" * 50_000]))
    assert (answer.status, answer.read()) == (200, b'{"length": 90000}')


def test_a_chunked_body_over_the_limit_is_refused(web: Web) -> None:
    answer = web.post_in_chunks("/api/v1/interactions", iter([b"x" * 60_000, b"y" * 60_000]))
    assert answer.status == 413
    assert b'"code": "too_large"' in answer.read()


def test_every_line_of_a_request_carries_its_id(web: Web) -> None:
    assert web.get("/api/mistake", **{"X-Request-ID": "ada-1"})[0] == 500
    lines = [line for line in web.lines() if line.get("request_id") == "ada-1"]
    assert {line["logger"] for line in lines} == {"django.request", "recsite.access"}
    assert any("ZeroDivisionError" in str(line.get("exception")) for line in lines)


def test_the_line_of_a_request_says_no_more_than_it_should(web: Web) -> None:
    for path in ("/ping", "/mistake", "/api/missing"):
        web.get(f"{path}?token=hunter2", **{"Authorization": "Api-Key hunter2"})
    assert "hunter2" not in web.log.read_text()


def test_before_it_stops_it_asks_for_no_more_and_answers_what_came(tmp_path: Path) -> None:
    with web_server(tmp_path, DRAIN_SECS="3") as web:
        assert web.get("/ready")[0] == 200
        answers: list[int] = []
        slow = threading.Thread(target=lambda: answers.append(web.get("/slow?seconds=4")[0]))
        slow.start()
        web.process.send_signal(signal.SIGTERM)
        wait_until(lambda: web.get("/ready") == (503, '{"status": "draining"}'))
        assert web.get("/ping")[0] == 200
        slow.join()
        assert answers == [200]
        assert web.process.wait(30) == 0


def test_while_it_stops_a_connection_is_answered_or_refused_and_never_reset(tmp_path: Path) -> None:
    """A proxy asks the next process where one refuses it; an event that was sent already it can't send again."""
    with web_server(tmp_path, DRAIN_SECS="0", API_WORKERS="2") as web:
        slow = [threading.Thread(target=web.get, args=("/slow?seconds=4",)) for _ in range(4)]
        for one in slow:
            one.start()
        assert web.get("/ping")[0] == 200
        web.process.send_signal(signal.SIGTERM)
        outcomes: Counter[str] = Counter()
        wait_until(lambda: tried(web, outcomes) == "refused")
        for _ in range(20):
            tried(web, outcomes)
        for one in slow:
            one.join()
        assert outcomes.keys() <= {"200", "refused"}, outcomes


def tried(web: Web, outcomes: Counter[str]) -> str:
    """Count what becomes of an event that is sent by a new connection."""
    outcome = connected(web)
    outcomes[outcome] += 1
    return outcome


def connected(web: Web) -> str:
    client = HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        client.request("POST", "/api/length", b"{}")
        return str(client.getresponse().status)
    except ConnectionRefusedError:
        return "refused"
    except OSError as fault:
        return type(fault).__name__
    finally:
        client.close()


def test_a_taken_port_is_one_sentence(web: Web) -> None:
    command = [sys.executable, "-m", "gunicorn", "-c", "recsite/gunicorn.py"]
    settings = {**os.environ, "PORT": str(web.port)}
    done = subprocess.run(command, cwd=PROJECT, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"recsite can't start: it can't listen on 127.0.0.1:{web.port} (Address already in use). "
        "Choose another port, such as PORT=8123.\n"
    )


def test_a_wrong_setting_stops_the_web_server_with_one_sentence() -> None:
    command = [sys.executable, "-m", "gunicorn", "-c", "recsite/gunicorn.py"]
    settings = {**os.environ, "API_WORKERS": "many"}
    done = subprocess.run(command, cwd=PROJECT, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "recsite can't start: API_WORKERS is 'many', but a whole number from 1 to 256 is needed.\n"


def test_draining_begins_once() -> None:
    try:
        assert [draining.begin(), draining.begin()] == [True, False]
        assert draining.is_draining()
    finally:
        draining._flag[0] = 0


class Listener:
    """Stands for the socket that a worker listens on; once it is closed there is none."""

    closed = 0

    def setblocking(self, _blocking: bool) -> None:
        assert not self.closed

    def accept(self) -> None:
        raise BlockingIOError(errno.EAGAIN, "Nobody has come.")

    def close(self) -> None:
        self.closed += 1


def test_a_worker_that_is_told_to_stop_in_the_middle_of_a_turn_goes_on_to_its_end() -> None:
    """The turn refuses connections, and so does the end of the loop; what fails there loses what is being answered."""
    worker: Any = object.__new__(DeadlineWorker)
    worker.alive = worker._accepting = worker._has_left = False
    worker.nr_conns, worker.sockets = 0, [Listener()]
    for _ in range(2):
        worker.set_accept_enabled(False)
    assert worker.sockets[0].closed == 1
