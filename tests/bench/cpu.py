"""Adds up the processor time of whoever listens on a port, its children and what they have left behind included."""

import os
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
LISTENING = "0A"
PROC = Path("/proc")


def listener(port: int) -> int:
    """Return the process (the parent of all who share the socket) that listens on the port of this machine."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    found = [pid for pid in _pids() if sockets & set(_open_files(pid))]
    parents = [pid for pid in found if _stat(pid)[1] not in map(str, found)]
    if not parents:
        raise SystemExit(f"Nobody of this machine listens on port {port}: its processor time can't be measured.")
    return parents[0]


def seconds(root: int) -> float:
    """Return what a process, its descendants and those of them that ended have used so far."""
    children: dict[str, list[int]] = {}
    used: dict[int, int] = {}
    for pid in _pids():
        with suppress(OSError, IndexError):
            fields = _stat(pid)
            children.setdefault(fields[1], []).append(pid)
            used[pid] = sum(map(int, fields[11:15]))
    waiting, total = [root], 0
    while waiting:
        pid = waiting.pop()
        total += used.get(pid, 0)
        waiting += children.get(str(pid), [])
    return total / TICKS


def _inodes(port: int) -> set[str]:
    lines = [line.split() for name in ("tcp", "tcp6") for line in (PROC / "net" / name).read_text().splitlines()[1:]]
    return {line[9] for line in lines if line[3] == LISTENING and int(line[1].rsplit(":", 1)[1], 16) == port}


def _pids() -> list[int]:
    return [int(name) for name in os.listdir(PROC) if name.isdecimal()]


def _open_files(pid: int) -> list[str]:
    links = []
    with suppress(OSError):
        for name in os.listdir(PROC / str(pid) / "fd"):
            with suppress(OSError):
                links.append(os.readlink(PROC / str(pid) / "fd" / name))
    return links


def _stat(pid: int) -> list[str]:
    """Return the fields after the name: state, parent, ..., at 11 to 14 the ticks of itself and of ended children."""
    return (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
