"""Runs what is measured in processes of its own, so that memory is its own as well."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from recsite.local.paths import PROJECT

STATE = PROJECT / ".local" / "bench"
"""Where the servers of a run keep their data."""


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_mb: float
    output: str

    @property
    def json(self) -> dict[str, Any]:
        """What a part printed in its last line."""
        facts: dict[str, Any] = json.loads(self.output.strip().splitlines()[-1])
        return facts


def run(*command: str, **environment: str) -> Run:
    """Runs to the end; seconds by the clock, memory as the largest resident set. Raises SystemExit where it fails."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {process.returncode}.\n{output}")
    return Run(time.perf_counter() - started, usage.ru_maxrss / 1024, output)


def manage(*command: str, **environment: str) -> Run:
    return run("manage.py", *command, **environment)


def part(name: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """Runs `tests.bench.NAME` in one process and returns what it measured, with its peak memory."""
    ran = run("-m", f"tests.bench.{name}", *arguments, **environment)
    return {**ran.json, "peak_mb": ran.peak_mb}
