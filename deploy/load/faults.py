"""Break every part under load, and count: did readers see an error, and was what was accepted stored, once?

    make setup && .venv/bin/python -m deploy.load.faults --all
    .venv/bin/python -m deploy.load.faults --list
    .venv/bin/python -m deploy.load.faults "kill -9 of a consumer" Redis

It brings its own PostgreSQL, Redis, Kafka (Java 17 and Maven) and nginx (Debian's package), and takes about fifteen
minutes for all. Exits with 1 where a list was not answered, or an event was lost, stored twice, or stuck.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from deploy.load.breaking import NAMES, SENT_TWICE, UNDER_LOAD, Fault
from deploy.load.counting import is_sound, settle, stored
from deploy.load.crowd import EVENTS, LISTS, Crowd
from deploy.load.rig import Rig, lacking, rig

LOAD_SECS, AFTER_SECS = 20.0, 3.0
TWICE, GARBAGE = 100_000, 1_000
VERDICTS = {True: "sound", False: "NOT SOUND"}
HEADINGS = ("fault", "lists", "failed", "accepted", "refused", "stored", "different", "")


def under_load(made: Rig, name: str, fault: Fault) -> list[str]:
    mark = f"load-{random.randrange(10**9)}"
    with Crowd(made.front, made.key, mark) as crowd:
        started = time.monotonic()
        time.sleep(AFTER_SECS)
        fault(made)
        time.sleep(max(LOAD_SECS - (time.monotonic() - started), AFTER_SECS))
    settled = settle()
    total, different = stored(mark)
    sound = settled and is_sound(crowd, total, different)
    lists = crowd.tally.answers(LISTS), crowd.tally.failed(LISTS)
    figures = (*lists, crowd.accepted, crowd.tally.answers(EVENTS) - crowd.accepted, total, different)
    if not sound:
        sys.stderr.write(f"{name}: {crowd.tally.faults()}\n")
    return [name, *(f"{figure:,}" for figure in figures), VERDICTS[sound]]


def sent_twice() -> list[str]:
    from datetime import UTC, datetime

    from interactions import kafka
    from interactions.kafka import Message
    from interactions.models import DeadLetter
    from interactions.schema import Event, new_event_id
    from interactions.topics import PRODUCT_VIEWS
    from interactions.wire import encode

    mark, dead = f"twice-{random.randrange(10**9)}", DeadLetter.objects.count()

    def event(number: int) -> Message:
        name, item = f"{mark}-{number % 500}", f"item-{number % 50}"
        made = Event(new_event_id(), name, item, "view", datetime.now(UTC), context={"number": f"{mark}-{number}"})
        return Message(PRODUCT_VIEWS, name, encode(made))

    messages = [event(number) for number in range(TWICE)]
    garbage = [Message(PRODUCT_VIEWS, "x", b'{"version": 1, "user_id": ') for _ in range(GARBAGE)]
    for part in _blocks([*messages, *garbage]), _blocks(messages):
        for block in part:
            if kafka.deliver(random.sample(block, len(block))):
                raise SystemExit("Kafka didn't take everything.")
    settled = settle()
    total, different = stored(mark)
    lost = DeadLetter.objects.count() - dead
    sound = settled and total == different == TWICE and lost == GARBAGE
    return [SENT_TWICE, "", "", f"{TWICE:,}", f"{lost:,} dead", f"{total:,}", f"{different:,}", VERDICTS[sound]]


def _blocks(messages: Sequence[Any]) -> Iterator[Sequence[Any]]:
    mixed = random.sample(messages, len(messages))
    return (mixed[start : start + 5_000] for start in range(0, len(mixed), 5_000))


def chosen(parts: Sequence[str]) -> list[str]:
    """Return the faults whose names hold one of these parts."""
    return [name for name in NAMES if any(part in name for part in parts)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="A part of a fault's name.")
    parser.add_argument("--all", action="store_true", help="All twenty.")
    parser.add_argument("--list", action="store_true", help="Print their names, and do nothing.")
    asked = parser.parse_args(arguments)
    if asked.list:
        sys.stdout.writelines(f"{number:2}  {name}\n" for number, name in enumerate(NAMES, 1))
        return 0
    names = list(NAMES) if asked.all else chosen(asked.faults)
    if not names:
        parser.error("name a fault as --list has it, or give --all.")
    if reason := lacking():
        raise SystemExit(reason)
    sys.stdout.write(" | ".join(HEADINGS) + "\n")
    verdicts = []
    with rig() as made:
        for name in names:
            row = sent_twice() if name == SENT_TWICE else under_load(made, name, UNDER_LOAD[name])
            sys.stdout.write(" | ".join(row) + "\n")
            sys.stdout.flush()
            verdicts.append(row[-1])
    return int(VERDICTS[False] in verdicts)


if __name__ == "__main__":
    sys.exit(main())
