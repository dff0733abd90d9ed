"""What the two local servers have in common: a port that is kept, a patient start, a bounded stop."""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from recsite.local.home import Home
from recsite.local.paths import LocalError, write_private

START_SECONDS, STOP_SECONDS = 60.0, 20.0


class Server(ABC):
    """One local server. Only `answers()` tells whether it runs: process ids are reused, and lie after a crash."""

    name: ClassVar[str]
    variable: ClassVar[str]
    quick_stop: ClassVar[signal.Signals]

    def __init__(self, state: Path, home: Home, durable: bool = True) -> None:
        self.home, self.durable = home, durable
        self.log = state / "logs" / f"{self.name.lower()}.log"
        self._notes = state / "servers.json"
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = home.folder(self.name.lower()).resolve()
        self.password = self._remembered().get("password") or secrets.token_hex(16)

    @property
    def port(self) -> int:
        return int(self._remembered().get("port", 0))

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    @abstractmethod
    def workdir(self) -> Path:
        """The data folder, which is the server's working directory too."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether our server, and not somebody else's on the same port, answers with our data."""

    @abstractmethod
    def prepare(self) -> None:
        """What must be so before a start, such as a data folder, and no traces of a crash."""

    @abstractmethod
    def launch(self) -> subprocess.Popen[bytes]: ...

    @abstractmethod
    def ask_to_stop(self) -> None: ...

    @abstractmethod
    def running_pid(self) -> int | None:
        """The process that works in our data folder, answering or not."""

    def ensure(self) -> None:
        """Start the server where it doesn't answer. Raises LocalError with the last words of its log."""
        if self.port and (self.answers() or (self.running_pid() and wait_until(self.answers, START_SECONDS))):
            return
        self.kill()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._remember(port=self.port if is_free(self.port) else free_port(), password=self.password)
            self.prepare()
            if self._launched():
                return
        raise LocalError(
            f"{self.name} doesn't start ({self._last_words()}): see {self.log}, or start afresh with 'make reset'."
        )

    def _launched(self) -> bool:
        process = self._process = self.launch()
        wait_until(lambda: process.poll() is not None or self.answers(), START_SECONDS)
        if process.poll() is None and self.answers():
            return True
        self.kill()
        time.sleep(0.5)
        return False

    def stop(self) -> None:
        """Ask politely, then don't: when this returns, no process works in the data folder."""
        if self.port and self.answers():
            self.ask_to_stop()
            wait_until(lambda: not self.running_pid(), STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        for forced in (self.quick_stop, signal.SIGKILL):
            if pid := self.running_pid():
                with suppress(ProcessLookupError):
                    os.kill(pid, forced)
                wait_until(lambda: not self.running_pid(), STOP_SECONDS)

    def works_here(self, pid: int) -> bool:
        """Whether this process is our server, which the process id in a file can't tell."""
        if self._process and self._process.pid == pid and self._process.poll() is not None:
            return False
        try:
            return Path(os.readlink(f"/proc/{pid}/cwd")) == self.workdir
        except OSError:
            return not Path("/proc/self").exists() and self.name.lower() in _command(pid)

    def _remembered(self) -> dict[str, Any]:
        return dict(self._read_notes().get(self.name.lower(), {}))

    def _remember(self, **facts: Any) -> None:
        notes = {**self._read_notes(), self.name.lower(): facts}
        write_private(self._notes, json.dumps(notes, indent=2) + "\n")

    def _read_notes(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            return dict(json.loads(self._notes.read_text()))
        return {}

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return port > 0
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(pid: int) -> str:
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
