"""Share what the local servers have in common: a port that is kept, a patient start, a bounded stop."""

import json
import secrets
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from recsite.local.home import Home
from recsite.local.paths import LocalError, write_private
from recsite.local.processes import at_work, end, wait_until

STOP_SECONDS = 20.0
# A port can be taken between our look and the start, and a crashed PostgreSQL's processes need a moment to leave.
START_ATTEMPTS = 8
LEAST_FREE = 32 * 1024 * 1024


class Server(ABC):
    """Control one local server. Only `answers()` tells if it runs: process ids are reused, and lie after a crash."""

    name: ClassVar[str]
    variable: ClassVar[str]
    pid_file: ClassVar[str]
    quick_stop: ClassVar[signal.Signals]
    start_seconds: ClassVar[float] = 60.0
    """How long it may take to start: who starts it anew too soon loses what it did so far."""

    def __init__(self, state: Path, home: Home, durable: bool = True) -> None:
        self.home, self.durable = home, durable
        self.log = state / "logs" / f"{self.name.lower()}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._notes = state / "servers.json"
        self.folder = home.folder(self.name.lower()).resolve()
        self.password = self._remembered().get("password") or secrets.token_hex(16)

    @property
    def port(self) -> int:
        return int(self._remembered().get("port", 0))

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables by which the product finds the server."""
        return {self.variable: self.url}

    @property
    @abstractmethod
    def workdir(self) -> Path:
        """Return the data folder, which is the server's working directory too."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell if our server, and not somebody else's on the same port, answers with our data."""

    @abstractmethod
    def prepare(self) -> None:
        """Prepare a start: make the data folder, and remove the traces of a crash."""

    @abstractmethod
    def launch(self) -> subprocess.Popen[bytes]: ...

    @abstractmethod
    def ask_to_stop(self) -> None: ...

    def running(self) -> bool:
        """Tell if a process works in our data folder, answering or not."""
        return at_work(self.workdir, self.pid_file) is not None

    def kill(self) -> None:
        end(self.workdir, self.pid_file, self.quick_stop)

    def ensure(self) -> None:
        """Start the server where it doesn't answer. Raises LocalError with the last words of its log."""
        if self.port and self.answers():
            return
        self._check_disk()
        if self.port and self.running() and wait_until(self.answers, self.start_seconds):
            return
        self.kill()
        for attempt in range(START_ATTEMPTS):
            self._remember(port=self.port if is_free(self.port) else free_port(), password=self.password)
            self.prepare()
            started = time.monotonic()
            if self._launched():
                return
            if attempt and time.monotonic() - started > self.start_seconds:
                break
        raise LocalError(
            f"{self.name} doesn't start ({self._last_words()}): see {self.log}, or start afresh with 'make reset'."
        )

    def _check_disk(self) -> None:
        """Refuse a full disk: a server can't come up on it, however long one waits."""
        free = shutil.disk_usage(self.folder).free
        if free < LEAST_FREE:
            raise LocalError(
                f"The disk of {self.folder} is full ({free:,} bytes are free), so {self.name} can't start: "
                "free some space, then start again. Nothing that was stored is lost."
            )

    def _launched(self) -> bool:
        process = self._process = self.launch()
        wait_until(lambda: process.poll() is not None or self.answers(), self.start_seconds)
        if process.poll() is None and self.answers():
            return True
        self.kill()
        time.sleep(0.5)
        return False

    def stop(self) -> None:
        """Stop the server, politely and then by force: on return no process works in the data folder."""
        if self.port and self.answers():
            self.ask_to_stop()
            wait_until(lambda: not self.running(), STOP_SECONDS)
        self.kill()

    def _remembered(self) -> dict[str, Any]:
        return dict(self._read_notes().get(self.name.lower(), {}))

    def _remember(self, **fields: Any) -> None:
        notes = {**self._read_notes(), self.name.lower(): fields}
        write_private(self._notes, json.dumps(notes, indent=2) + "\n")

    def _read_notes(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return dict(json.loads(self._notes.read_text()))
        return {}

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


def is_free(port: int) -> bool:
    """Tell if a server could listen there now."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return port > 0
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
