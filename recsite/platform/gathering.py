"""Gather in memory what requests note, and store it from one thread of the process: no request waits for a table.

    request ──add──▶ queue of the process ──its thread, every few seconds──▶ store ──▶ PostgreSQL

What can't be stored while PostgreSQL is away waits, up to a bound; what is dropped beyond it is counted. A process that
ends stores what is left. One that was forked begins with nothing, and its thread starts with what it gathers first.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from django.conf import settings
from django.db import connection
from prometheus_client import Counter

from recsite.platform import database
from recsite.platform.database import DatabaseDown

T = TypeVar("T")
logger = logging.getLogger(__name__)
LOOK_SECS = 1.0
"""How often the thread looks for what is due."""


class Repeating:
    """Do something every few seconds in a daemon thread. A fork takes no thread along: the child begins its own."""

    def __init__(self, name: str, every_secs: float, work: Callable[[], object]) -> None:
        self.name, self._every_secs, self._work = name, every_secs, work
        self.is_running = False
        self._start_afresh()
        os.register_at_fork(after_in_child=self._start_afresh)

    def begin(self) -> None:
        """Start the thread where it doesn't run."""
        if not self.is_running:
            with self._lock:
                if not self.is_running:
                    self.is_running = True
                    threading.Thread(target=self._run, args=(self._over,), daemon=True, name=self.name).start()

    def stop(self) -> None:
        """Let the thread end after what it is doing; `begin` starts another one. For tests."""
        self._over.set()
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._lock, self._over, self.is_running = threading.Lock(), threading.Event(), False

    def _run(self, over: threading.Event) -> None:
        while not over.wait(self._every_secs):
            try:
                self._work()
            except Exception:
                logger.exception("The thread '%s' failed; it goes on.", self.name)
            finally:
                connection.close()


class Gathering(Generic[T]):
    """Hold what is not stored yet, the oldest first."""

    def __init__(
        self,
        name: str,
        store: Callable[[list[T]], object],
        lost: Counter,
        *,
        most: int,
        batch: int | None = None,
        every_secs: float = LOOK_SECS,
        condense: Callable[[list[T]], list[T]] | None = None,
    ) -> None:
        """Take how a batch is stored, in one transaction, and how many may wait.

        `lost` counts what is dropped. `condense` sums up what has to wait, so that a long outage needs little room.
        """
        self.name, self.most, self._store, self._lost = name, most, store, lost
        self._batch, self._every_secs, self._condense = batch, every_secs, condense
        self.forget()
        os.register_at_fork(after_in_child=self.forget)
        _all.append(self)

    def forget(self) -> None:
        """Begin with nothing: after a fork, and in tests."""
        self.waiting: deque[T] = deque()
        self._storing, self._due_at = threading.Lock(), 0.0

    def add(self, one: T) -> None:
        """Take something in. It never raises and never waits."""
        self.waiting.append(one)
        if len(self.waiting) > self.most:
            self._drop_oldest()
        if not _thread.is_running and settings.GATHER_IN_BACKGROUND:
            _thread.begin()

    def flush(self) -> int:
        """Store what waits and return how much it was. Raises DatabaseDown: what wasn't stored waits on then.

        What fails for another reason is dropped and counted: it must not hold up what comes after it.
        """
        stored = 0
        with self._storing:
            while batch := self._take():
                try:
                    database.ask(partial(self._store, batch))
                except DatabaseDown:
                    kept = self._condense(batch) if self._condense else batch
                    self.waiting.extendleft(reversed(kept))
                    raise
                except Exception:
                    logger.exception("%d %s can't be stored.", len(batch), self.name)
                    self._lost.inc(len(batch))
                    continue
                stored += len(batch)
        return stored

    def flush_when_due(self) -> None:
        """Store what waits, where the last time is long enough ago."""
        if self.waiting and time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + self._every_secs
            try:
                self.flush()
            except DatabaseDown as down:
                logger.warning("%d %s are waiting: %s", len(self.waiting), self.name, down)

    def leave(self) -> None:
        """Store what is left: the process ends, and there is no later chance."""
        if self.waiting:
            try:
                self.flush()
                connection.close()
            except Exception as fault:
                logger.warning("%d %s are lost: %s", len(self.waiting), self.name, fault)

    def _take(self) -> list[T]:
        there = len(self.waiting)
        return [self.waiting.popleft() for _ in range(min(there, self._batch or there))]

    def _drop_oldest(self) -> None:
        with suppress(IndexError):
            self.waiting.popleft()
            self._lost.inc()


_all: list[Gathering] = []


def flush_due() -> None:
    """Store of everything that is gathered what is due."""
    for one in _all:
        one.flush_when_due()


def leave() -> None:
    """Store everything that is left in this process, which ends."""
    for one in _all:
        one.leave()


def forget() -> None:
    """Begin with nothing gathered and without the thread, for tests."""
    _thread.stop()
    for one in _all:
        one.forget()


_thread = Repeating("gathering", LOOK_SECS, flush_due)
atexit.register(leave)
