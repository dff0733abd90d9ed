"""Leaves a dependency alone while it is gone: an outage costs the requests under way their timeout, and no other."""

import logging
import os
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0


class CircuitOpen(Exception):
    """The dependency failed a moment ago and has not been seen again since."""


class Breaker:
    """Closed, calls pass. The first outage opens it; a thread of its own probes after growing pauses, and closes it.

    Requests never probe: a server that accepts a connection and then says nothing would hold up each one that tries.
    """

    def __init__(self, name: str, is_outage: Callable[[Exception], bool], probe: Callable[[], None]) -> None:
        """Take a `probe` that raises while the dependency is gone, and mends what must be before its next use."""
        self.name, self._is_outage, self._probe = name, is_outage, probe
        self._start_afresh()
        # A fork takes no threads along: nobody would close the child's copy again, or release its lock.
        os.register_at_fork(after_in_child=self._start_afresh)

    @property
    def is_open(self) -> bool:
        return not self._back.is_set()

    def call(self, work: Callable[[], T]) -> T:
        """Return what `work` returns. Raises CircuitOpen while it is open; an error that means an outage opens it."""
        if self.is_open:
            raise CircuitOpen(f"{self.name} was gone a moment ago.")
        try:
            return work()
        except Exception as error:
            if self._is_outage(error):
                self.open(error)
            raise

    def open(self, reason: Exception) -> None:
        with self._lock:
            if self.is_open:
                return
            self._back.clear()
        logger.warning("%s is gone: %s", self.name, reason)
        threading.Thread(target=self._watch, name=f"waiting for {self.name}", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Wait until it is closed, or the time is over."""
        self._back.wait(seconds)

    def close(self) -> None:
        """Let calls pass again; end the watch."""
        self._back.set()

    def _start_afresh(self) -> None:
        self._lock = threading.Lock()
        self._back = threading.Event()
        self._back.set()

    def _watch(self) -> None:
        pause = FIRST_PAUSE
        while not self._back.wait(pause):
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                self._probe()
            except Exception as fault:
                logger.debug("%s is still gone: %s", self.name, fault)
            else:
                self.close()
                logger.warning("%s is back.", self.name)
                return
