"""Run ten minutes of load and watch the memory of every process: it should level off, and nothing may be lost.

    make setup && .venv/bin/python -m deploy.load.soak [MINUTES]

Brings its own PostgreSQL, Redis and Kafka, a web server, two consumers, a relay and a worker with its beat. Four
threads post events, and two ask for lists. Exits with 1 where an accepted event was not stored once.
"""

import argparse
import sys
import time
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from deploy.load.crowd import ITEMS, Crowd, Load
from deploy.load.faults import Rig, rig, settle, stored
from recsite.local.kafka import missing

EVERY_SECS = 5.0
CELERY = ("-m", "celery", "-A", "recsite.celery")
MEGABYTE = 1024 * 1024


def memory(pid: int) -> int:
    """Return the bytes that a process and its children hold for themselves; shared memory counts once for each."""
    total = 0
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1]) * 1024
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += memory(int(child))
    return total


class Readers(Crowd):
    """Ask for lists, so that they are built, cached, shown and recorded."""

    def __init__(self, url: str) -> None:
        super().__init__(2)
        self._url, self.answers = url, 0

    def _work(self, thread: int) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            address = f"{self._url}/api/v1/recommendations/users/soak-{thread}-{number % 500}?limit=10"
            with suppress(OSError), urllib.request.urlopen(address, timeout=30) as answer, self._lock:
                self.answers += answer.status == 200
            time.sleep(0.01)


def watch(processes: dict[str, int], seconds: float) -> dict[str, list[int]]:
    """Print the memory of each process, step by step."""
    seen: dict[str, list[int]] = {name: [] for name in processes}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for name, pid in processes.items():
            seen[name].append(memory(pid))
        time.sleep(EVERY_SECS)
    return seen


def table(seen: dict[str, list[int]]) -> Iterable[str]:
    yield "process | after a fifth | half way | at the end | most"
    for name, sizes in seen.items():
        points = [sizes[len(sizes) // 5], sizes[len(sizes) // 2], sizes[-1], max(sizes)]
        yield " | ".join([name, *(f"{size / MEGABYTE:,.0f} MB" for size in points)])


def soak(made: Rig, minutes: float) -> bool:
    worker = made.start("worker", *CELERY, "worker", "-Q", "default", "-n", "default@%h", "--concurrency", "2")
    training = made.start("training", *CELERY, "worker", "-Q", "training", "-n", "training@%h", "--concurrency", "1")
    beat = made.start("beat", *CELERY, "beat", "--pidfile=", "--schedule", str(made.folder / "beat"))
    processes = {"web": made.web.pid, "relay": made.relay.pid, "beat": beat.pid}
    processes |= {"worker": worker.pid, "worker of trainings": training.pid}
    processes |= {f"consumer {number}": one.pid for number, one in enumerate(made.consumers, 1)}
    user = "soak"
    with Load(made.url, user) as load, Readers(made.url) as readers:
        seen = watch(processes, minutes * 60)
    settled = settle()
    total, different = stored(user)
    sys.stdout.writelines(f"{line}\n" for line in table(seen))
    sound = settled and total == different and load.accepted <= total <= load.accepted + load.refused
    sys.stdout.write(
        f"{load.accepted:,} events accepted over {ITEMS} items, {load.refused:,} refused, {total:,} stored, "
        f"{different:,} different; {readers.answers:,} lists answered: {'sound' if sound else 'NOT SOUND'}\n"
    )
    return sound


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    if reason := missing():
        raise SystemExit(reason)
    with rig() as made:
        return int(not soak(made, minutes))


if __name__ == "__main__":
    sys.exit(main())
