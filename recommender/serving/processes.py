"""Tell which release each process has loaded, so that "in force everywhere since" is a fact and no guess.

A process that serves lists says so in Redis, every BEAT_SECS and at once when it has loaded another release. What it
said expires after SILENCE_SECS: a process that is gone, or hangs, is not counted.
"""

import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import NamedTuple

import orjson
from django.utils import timezone

from recommender.serving.candidates import fault, live
from recsite.platform import redis
from recsite.platform.gathering import Repeating
from recsite.platform.humanize import pluralize
from recsite.platform.redis import RedisDown

LOOK_SECS = 1.0
BEAT_SECS = 5.0
SILENCE_SECS = 15
NAMES = "loaded-by"
"""The set of the names of all processes; what each has loaded is a key of its own, which expires."""

NAMES_SECS = 86_400
WEB, WORKER = "web", "worker"


class Process(NamedTuple):
    """Describe a process by what it said last."""

    name: str
    """Its machine and its number there."""
    kind: str
    """`web`, `worker`, or the name of a command."""
    release: int | None
    """None where it has loaded none: nothing is live, or it could not be read."""
    since: datetime
    """When it had that release."""
    fault: str
    """Why the live release could not be loaded; empty where it was."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Say which processes serve the live release."""

    release: int
    processes: Sequence[Process]

    @property
    def behind(self) -> list[Process]:
        """Return the processes that serve another release, or none."""
        return [one for one in self.processes if one.release != self.release]

    @property
    def since(self) -> datetime | None:
        """Return since when every process has it; None while one has not, or where none has said anything."""
        if not self.processes or self.behind:
            return None
        return max(one.since for one in self.processes)

    def __str__(self) -> str:
        if not self.processes:
            return "No process has said lately which release it has loaded: start the server, or look again soon."
        if since := self.since:
            number = len(self.processes)
            everywhere = f"all {number} processes" if number > 1 else "the one process"
            return f"In force in {everywhere} since {since:%Y-%m-%d %H:%M:%S} UTC."
        late = ", ".join(f"{one.name} ({one.kind}) {_has(one)}" for one in self.behind)
        said = next((f" {one.fault}" for one in self.behind if one.fault), "")
        of_all = f"{len(self.behind)} of {pluralize(len(self.processes), 'process', 'processes')}"
        return f"Not in force yet in {of_all}: {late}.{said}"


def _has(process: Process) -> str:
    return f"serves release {process.release}" if process.release else "has loaded none"


def in_force(release: int) -> InForce:
    """Return which processes serve this release. Raises RedisDown."""
    return InForce(release, everyone())


def everyone() -> list[Process]:
    """Return the processes that have said something lately, in the order of their names. Raises RedisDown."""
    (members,) = redis.roundtrip(("SMEMBERS", NAMES))
    names = sorted(name.decode() for name in members)
    if not names:
        return []
    (said,) = redis.roundtrip(("MGET", *map(_key, names)))
    if gone := [name for name, one in zip(names, said, strict=True) if one is None]:
        redis.roundtrip(("SREM", NAMES, *gone))
    return [_read(name, one) for name, one in zip(names, said, strict=True) if one is not None]


def begin(kind: str) -> None:
    """Have this process say what it has loaded from now on; once, after the fork."""
    _reporter.begin(kind)


def report(kind: str) -> None:
    """Say once which release this process has loaded; the live one is read first where there is another."""
    _reporter.report(kind)


class _Reporter:
    """Report from a thread of its own; a process that was forked begins anew."""

    def __init__(self) -> None:
        self._kind = ""
        self._thread = Repeating("loaded-release", LOOK_SECS, lambda: self.report(self._kind))
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self._loaded: tuple[int | None, datetime] | None = None
        self._next = 0.0

    def begin(self, kind: str) -> None:
        self._kind = kind
        self._thread.begin()

    def report(self, kind: str) -> None:
        number, now = live().number, monotonic()
        is_new = self._loaded is None or self._loaded[0] != number
        if is_new:
            self._loaded = (number, timezone.now())
        if is_new or now >= self._next:
            self._next = now + BEAT_SECS
            assert self._loaded is not None
            self._say(kind, *self._loaded)

    def _say(self, kind: str, release: int | None, since: datetime) -> None:
        name = f"{socket.gethostname()}:{os.getpid()}"
        said = orjson.dumps({"kind": kind, "release": release, "since": since.isoformat(), "fault": fault()})
        with suppress(RedisDown):
            redis.roundtrip(
                ("SET", _key(name), said, "EX", SILENCE_SECS), ("SADD", NAMES, name), ("EXPIRE", NAMES, NAMES_SECS)
            )


_reporter = _Reporter()


def forget() -> None:
    """Start again without having reported, for tests."""
    _reporter.forget()


def _key(name: str) -> str:
    return f"{NAMES}:{name}"


def _read(name: str, said: bytes) -> Process:
    told = orjson.loads(said)
    return Process(name, told["kind"], told["release"], datetime.fromisoformat(told["since"]), told["fault"])
