"""Run the commands of `python3 -m recsite.local`, each one a call or two of what does the work."""

import os
import subprocess
import sys
import time
from pathlib import Path

from recsite.local import checks, demo, packages, reset, setup
from recsite.local.console import say
from recsite.local.environment import state_dir
from recsite.local.paths import PROJECT

TEST_PROCESSES = 3
"""One more than the cores of a small machine: tests wait for servers and browsers, too."""


def run(command: str, arguments: list[str]) -> int:
    """Run a command and return its exit code. Raises LocalError with a sentence for the user."""
    state = state_dir().resolve()
    if command in ("demo", "test", "check"):
        return _with_project_python(command, arguments, state)
    if command == "setup":
        setup.setup()
    elif command == "stop":
        say("Stopped." if demo.stop(state) else "No demo runs here.")
    else:
        say("Thrown away." if reset.reset(state) else f"There is nothing to throw away in {state}.")
    return 0


def _with_project_python(command: str, arguments: list[str], state: Path) -> int:
    """Set the environment up, and go on under its Python."""
    if Path(sys.prefix) != setup.VENV:
        os.environ["RECSITE_STARTED"] = str(time.time())
        if command == "demo":
            demo.check(state)
        setup.setup()
        os.chdir(PROJECT)
        os.execv(setup.PYTHON, [str(setup.PYTHON), "-m", "recsite.local", command, *arguments])
    if command == "demo":
        demo.demo()
    elif command == "check":
        checks.check()
    else:
        return _test(arguments)
    return 0


def _test(arguments: list[str]) -> int:
    packages.bring_chromium()
    say(f"== pytest, on {TEST_PROCESSES} processes")
    command = [sys.executable, "-m", "pytest", "-n", str(TEST_PROCESSES), *arguments]
    return subprocess.run(command, cwd=PROJECT, check=False).returncode
