"""Serve a shop's users for some minutes, and print how fast, with what errors, and what memory each process took.

    make setup && .venv/bin/python -m deploy.load [MINUTES] [--faults] [--users 8]

Four of five requests ask for a list, 15 of 100 bring an event, the rest ask for something else; few users ask for most
of it. It brings two web processes behind nginx, consumers, relay, worker, beat, PostgreSQL, Redis and Kafka (Java 17,
Maven and Debian's nginx). With --faults each part is stopped, killed or made to hang meanwhile. Exits with 1 where a
list was not answered, or an accepted event was not stored once.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from deploy.load.breaking import UNDER_LOAD
from deploy.load.counting import cpu_seconds, is_sound, memory, settle, stored
from deploy.load.crowd import EVENTS, LISTS, OTHER, THREADS, Crowd, Tally
from deploy.load.rig import WEBS, Rig, lacking, rig

EVERY_SECS = 5.0
MEGABYTE = 1024 * 1024
NAME = "crowd"


@dataclass
class Watch:
    """Look at the memory of each process, step by step."""

    rig: Rig
    seen: dict[str, list[int]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.over.wait(EVERY_SECS):
            for name, process in list(self.rig.processes.items()):
                if size := memory(process.pid):
                    self.seen.setdefault(name, []).append(size)


def speed(tally: Tally, seconds: float, cpu: float) -> Iterable[str]:
    """Return how fast requests were answered, by kind."""
    yield "asked | answers | failed | p50 | p95 | p99"
    for title, kinds in (("lists", [LISTS]), ("events", [EVENTS]), ("other", [OTHER]), ("all", [LISTS, EVENTS, OTHER])):
        times = (f"{tally.milliseconds(share, *kinds):,.1f} ms" for share in (0.5, 0.95, 0.99))
        failed = sum(tally.failed(kind) for kind in kinds)
        yield " | ".join([title, f"{tally.answers(*kinds):,}", f"{failed:,}", *times])
    yield (
        f"{tally.answers() / seconds:,.0f} requests/s in all; "
        f"{tally.answers() / cpu if cpu else 0:,.0f} requests per second of a core that the web used"
    )


def sizes(seen: dict[str, list[int]]) -> Iterable[str]:
    """Return what each process and its children took, shared pages counted once."""
    yield "process | after a fifth | half way | at the end | most"
    for name, found in seen.items():
        points = [found[len(found) // 5], found[len(found) // 2], found[-1], max(found)]
        yield " | ".join([name, *(f"{size / MEGABYTE:,.0f} MB" for size in points)])


def serve(made: Rig, minutes: float, users: int, with_faults: bool) -> bool:
    watch = Watch(made)
    watching = threading.Thread(target=watch.run)
    watching.start()
    before = sum(cpu_seconds(made.pid(name)) for name in WEBS)
    with Crowd(made.front, made.key, NAME, users) as crowd:
        began = time.monotonic()
        for name, fault in UNDER_LOAD.items() if with_faults else ():
            say(f"{time.monotonic() - began:5.0f} s  {name}")
            fault(made)
        time.sleep(max(minutes * 60 - (time.monotonic() - began), 0))
        cpu = sum(cpu_seconds(made.pid(name)) for name in WEBS) - before
        seconds = time.monotonic() - began
    watch.over.set()
    watching.join()
    settled = settle()
    total, different = stored(NAME)
    for line in (*speed(crowd.tally, seconds, 0 if with_faults else cpu), *sizes(watch.seen)):
        say(line)
    sound = settled and is_sound(crowd, total, different)
    said = f"{crowd.accepted:,} events accepted, {crowd.refused:,} refused, {total:,} stored, {different:,} different"
    say(f"{said}: {'sound' if sound else f'NOT SOUND {crowd.tally.faults()}'}")
    return sound


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="deploy.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    parser.add_argument("--users", type=int, default=THREADS, help="How many ask at the same time (%(default)s).")
    parser.add_argument("--faults", action="store_true", help="Break each part meanwhile.")
    asked = parser.parse_args()
    if reason := lacking():
        raise SystemExit(reason)
    with rig() as made:
        return int(not serve(made, asked.minutes, asked.users, asked.faults))


if __name__ == "__main__":
    sys.exit(main())
