"""The supervisor in a process of its own, with children that only sleep."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recsite.local.paths import PROJECT
from recsite.local.processes import wait_until

SUPERVISE = """
import sys
from pathlib import Path
from recsite.local.supervisor import Stopped, Supervisor

try:
    with Supervisor(Path(sys.argv[1])) as supervisor:
        supervisor.start("child", [sys.executable, *sys.argv[2:]])
        supervisor.watch()
except Stopped:
    print("stopped")
"""
# Writes down its process id and that of a child of its own, and waits.
CHILD = """
import os, signal, subprocess, sys, time
if sys.argv[2:]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen(["sleep", "600"])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {grandchild.pid}\\n")
time.sleep(600)
"""
DEAF = "deaf"


class Supervised:
    def __init__(self, folder: Path, *flags: str) -> None:
        self.pids_file = folder / "pids"
        command = [sys.executable, "-c", SUPERVISE, str(folder), "-c", CHILD, str(self.pids_file), *flags]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        assert wait_until(self.pids, 20)

    def pids(self) -> list[list[int]]:
        lines = self.pids_file.read_text().splitlines() if self.pids_file.exists() else []
        return [[int(pid) for pid in line.split()] for line in lines]


def is_alive(pid: int) -> bool:
    """Zombies, which only wait for somebody to take note of them, don't count."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(listed.strip()) and not listed.startswith("Z")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    supervised = Supervised(tmp_path)
    supervised.process.send_signal(number)
    output, _ = supervised.process.communicate(timeout=30)
    assert output.endswith("stopped\n")
    assert not [pid for pid in supervised.pids()[0] if is_alive(pid)]


def test_a_second_signal_ends_children_that_do_not_listen(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, DEAF)
    supervised.process.send_signal(signal.SIGINT)
    supervised.process.send_signal(signal.SIGTERM)
    supervised.process.communicate(timeout=30)
    assert not [pid for pid in supervised.pids()[0] if is_alive(pid)]


def test_a_child_that_dies_is_started_again_and_its_own_children_end(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path)
    child, grandchild = supervised.pids()[0]
    os.kill(child, signal.SIGKILL)
    assert wait_until(lambda: len(supervised.pids()) == 2, 20)
    assert not is_alive(grandchild)
    supervised.process.terminate()
    output, _ = supervised.process.communicate(timeout=30)
    assert "child ended with code -9" in output


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_children_die_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    supervised = Supervised(tmp_path, DEAF)
    child, grandchild = supervised.pids()[0]
    supervised.process.kill()
    supervised.process.communicate()
    assert wait_until(lambda: not is_alive(child), 20)
    os.kill(grandchild, signal.SIGKILL)
