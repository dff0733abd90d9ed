"""Supervise processes: restart them when they fall, stop them in bounded time, never leave one behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from recsite.local.console import say
from recsite.local.paths import PROJECT, LocalError
from recsite.local.processes import wait_until

GRACE_SECONDS, TEND_SECONDS = 12.0, 5.0
STEADY_SECONDS, LONGEST_WAIT = 60.0, 30.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Stopped(Exception):
    """Report that we were asked to stop: Ctrl-C, SIGTERM, or a closed terminal."""


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    falls: int = 0
    due: float = 0.0

    def last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "its log is empty"


class Supervisor:
    """Own child processes as a context manager: whatever happens inside, no child is left when the block ends."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: list[Child] = []
        self.stopping = 0

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self, command: list[str], **environ: str) -> int:
        """Run a command to its end with its output on our terminal. Raises Stopped when asked to stop meanwhile."""
        process = _spawn(command, None, environ)
        try:
            while process.poll() is None:
                self.check()
                time.sleep(0.05)
        finally:
            self._end([process])
        return process.returncode

    def start(self, name: str, command: list[str]) -> Child:
        log = self.logs / f"{name}.log"
        child = Child(name, command, log, _open_and_spawn(command, log))
        self.children.append(child)
        return child

    def check(self) -> None:
        if self.stopping:
            raise Stopped

    def watch(self, tend: Callable[[], None] = lambda: None) -> None:
        """Keep the children running, and call `tend` every few seconds, until somebody asks us to stop."""
        due = 0.0
        while True:
            self.check()
            if time.monotonic() > due:
                tend()
                due = time.monotonic() + TEND_SECONDS
            for child in self.children:
                if child.process.poll() is not None:
                    self._revive(child)
            time.sleep(0.2)

    def stop(self) -> None:
        self._end([child.process for child in self.children])
        self.children.clear()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping += 1

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        """Ask all that run at once, wait for all, then end what is left of their process groups."""
        alive = [process for process in processes if process.poll() is None]
        for process in alive:
            process.terminate()
        # A second Ctrl-C means now.
        wait_until(lambda: self.stopping > 1 or all(process.poll() is not None for process in alive), GRACE_SECONDS)
        for process in alive:
            _end_group(process)

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if not child.due:
            _end_group(child.process)
            child.falls = 1 if now - child.started > STEADY_SECONDS else child.falls + 1
            wait = min(2.0 ** (child.falls - 1), LONGEST_WAIT)
            child.due = now + wait
            say(f"{child.name} ended with code {child.process.returncode}; again in {wait:.0f} s (log: {child.log})")
        elif now >= child.due:
            child.process, child.started, child.due = _open_and_spawn(child.command, child.log), now, 0.0


def _open_and_spawn(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return _spawn(command, output)


def _spawn(
    command: list[str], output: IO[bytes] | None, environ: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own: a Ctrl-C reaches us alone, and we pass it on once."""
    own: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output, "cwd": PROJECT}
    own["env"] = {**os.environ, **(environ or {})}
    try:
        return subprocess.Popen(command, process_group=0, preexec_fn=_die_with_parent(os.getpid()), **own)
    except OSError as error:
        raise LocalError(f"{command[0]} can't be run: {error.strerror}.") from error


def _die_with_parent(parent: int) -> Any:
    """Ask the kernel to kill the child when we die, however we die (Linux has that)."""

    def ask() -> None:
        if LIBC:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return ask


def _end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
