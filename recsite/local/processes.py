"""Find processes by what they do, not by a process id in a file."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

END_SECONDS = 20.0


def wait_until(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def at_work(folder: Path, pid_file: str) -> int | None:
    """Return the server that wrote this file in its data folder and still works there.

    After a crash the number may be anybody's; but both servers make their data folder the working directory.
    """
    with suppress(OSError, ValueError, IndexError):
        pid = int((folder / pid_file).read_text().split()[0])
        return pid if _works_in(pid, folder, Path(pid_file).stem) else None
    return None


def end(folder: Path, pid_file: str, quick: signal.Signals) -> None:
    """Make the server of this folder leave: by its quick way out, and by force where that takes too long."""
    for how in (quick, signal.SIGKILL):
        if pid := at_work(folder, pid_file):
            with suppress(ProcessLookupError):
                os.kill(pid, how)
            wait_until(lambda: not at_work(folder, pid_file), END_SECONDS)


def _works_in(pid: int, folder: Path, program: str) -> bool:
    if Path("/proc/self").exists():
        return Path(os.readlink(f"/proc/{pid}/cwd")) == folder.resolve()
    # No such place to look on macOS: there the name of the program has to do.
    listed = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return program[:5] in listed.stdout
