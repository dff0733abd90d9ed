"""A Redis that may be stopped, made to hang and brought back, and a PostgreSQL that seems gone."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import redis as client
from django.db import OperationalError, connection

from recsite.local.home import redis_server_path
from recsite.local.server import free_port
from recsite.platform import database, generations, redis


class Redis:
    """A server of the test's own, which keeps its data when it is stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        program = str(redis_server_path())
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def answers(self) -> bool:
        with suppress(client.RedisError):
            return bool(client.Redis.from_url(self.url).ping())
        return False

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self.wake()
            client.Redis.from_url(self.url).shutdown(save=True)
            self._process.wait()

    def go_on(self) -> None:
        """It wakes where it hung, and starts again where it was stopped."""
        if self._process and self._process.poll() is None:
            self.wake()
        else:
            self.start()

    def hang(self) -> None:
        """It accepts connections, or the kernel does, and never answers."""
        if self._process:
            os.kill(self._process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        if self._process:
            os.kill(self._process.pid, signal.SIGCONT)


class Proxy:
    """A way to a server that may hang: from then on it takes connections and bytes, and passes nothing on."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._passing = threading.Event()
        self._passing.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hang(self) -> None:
        self._passing.clear()

    def wake(self) -> None:
        self._passing.set()

    def close(self) -> None:
        self.wake()
        self._door.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(self._server)
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65_536):
                self._passing.wait()
                target.sendall(received)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def stoppable_redis(folder: Path, settings: Any) -> Iterator[Redis]:
    """Everything that uses Redis uses this one, for the block."""
    server = Redis(folder)
    server.start()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": server.url}}
    start_afresh()
    try:
        yield server
    finally:
        server.stop()
        start_afresh()


@contextmanager
def no_postgres() -> Iterator[list[str]]:
    """Every query of this thread fails as it does when the server is gone, for the block; yields the queries."""
    refused: list[str] = []
    probe = database._breaker._probe

    def fail(*query: Any) -> NoReturn:
        refused.extend(query[1:2])
        raise OperationalError("connection refused")

    database._breaker._probe = fail
    try:
        with connection.execute_wrapper(fail):
            yield refused
    finally:
        database._breaker._probe = probe


def start_afresh() -> None:
    """As if the process had just started."""
    redis.forget()
    database.forget()
    generations.forget()


def wait_until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.02)
