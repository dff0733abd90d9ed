"""A real gunicorn for tests, with the addresses of `tests.web_urls` beside the product's own, and a real worker."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

from django.conf import settings as django_settings
from django.db import connection

from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from recsite.platform import workers
from tests.outages import wait_until


@dataclass(frozen=True)
class Web:
    port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and body; 0 where nobody answers."""
        try:
            with urlopen(Request(self.url + path, headers=headers), timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def post_in_chunks(self, path: str, chunks: Iterator[bytes]) -> HTTPResponse:
        client = HTTPConnection("127.0.0.1", self.port, timeout=20)
        client.request("POST", path, chunks, {"Content-Type": "application/json"}, encode_chunked=True)
        return client.getresponse()

    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines that it has logged so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@contextmanager
def web_server(folder: Path, **settings: str) -> Iterator[Web]:
    """Serves the test database. Only what is committed is seen there."""
    port, log = free_port(), folder / "web.log"
    environ = {**environment(folder, PORT=str(port)), **settings}
    command = [sys.executable, "-m", "gunicorn", "-c", "recsite/gunicorn.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=PROJECT, env=environ, stdout=output, stderr=subprocess.STDOUT)
    web = Web(port, log, process)
    try:
        wait_until(lambda: web.get("/ping")[0] == 200, 180)
        yield web
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def worker(folder: Path, **settings: str) -> Iterator[None]:
    """A real Celery worker on the test database; `folder` is its state, as the web server's."""
    command = [sys.executable, "-m", "celery", "-A", "recsite.celery", "worker", "--concurrency", "1"]
    with (folder / "worker.log").open("wb") as output, (folder / "worker.errors").open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment(folder, **settings), stdout=output, stderr=errors
        )
    try:
        wait_until(workers.are_seen, 180)
        yield
    finally:
        process.terminate()
        process.wait(30)


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """What a process needs that works on the test database."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return {
        **os.environ,
        "DATABASE_URL": urlunsplit(url),
        "DJANGO_SETTINGS_MODULE": "tests.web_settings",
        "RECSITE_STATE": str(folder),
        "SECRET_KEY": "for tests only, and long enough to pass: 0123456789 abcdef",
        "ERASURE_KEY": django_settings.ERASURE_KEY,
        **settings,
    }
