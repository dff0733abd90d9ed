"""Measure how far the replica is behind, by positions of the primary's log, not by clocks.

The primary's position is noted with the time at which it was asked. What the replica has replayed then tells up to
which of these moments it has everything, also where nothing is written and where the replica has lost its primary.
"""

import threading
import time
from collections import deque

from django.db import DEFAULT_DB_ALIAS, Error, connections

from recsite.platform import query_timeout
from recsite.platform.breaker import CircuitOpen
from recsite.platform.replica.base import breaker, replica

BELIEVED_SECS = 1.0
"""How old a look may be to be believed; the window after a write counts it in (`database_settings`)."""

PATIENCE_SECS = 2.0
LOOKS_KEPT = 900

# The start of the log is '0/0': as numbers, positions can be kept and compared here.
WRITTEN = "SELECT pg_current_wal_flush_lsn() - '0/0'::pg_lsn"
REPLAYED = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0'::pg_lsn"
NO_REPLICA = "DATABASE_READ_URL leads to a server that takes writes, which is no replica."


class ReplicaUnusable(Exception):
    """Says in one sentence why nothing is read from the replica."""


class Looks:
    """Remember where the primary was at each look, and judge by that where the replica is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: deque[tuple[float, int]] = deque(maxlen=LOOKS_KEPT)
        self._lag: float | None = None
        self._fault, self._until = "", 0.0

    def usable(self, most: float) -> bool:
        """Tell if the replica is at most so many seconds behind. Where another thread is looking, say no at once."""
        if breaker.is_open or not self._lock.acquire(blocking=False):
            return False
        try:
            self._look_if_old()
            return self._lag is not None and self._lag <= most
        finally:
            self._lock.release()

    def lag(self) -> float:
        """Return how many seconds it is behind. Raises ReplicaUnusable where nobody knows."""
        with self._lock:
            self._look_if_old()
            if self._lag is None:
                raise ReplicaUnusable(self._fault)
            return self._lag

    def _look_if_old(self) -> None:
        if time.monotonic() < self._until:
            return
        try:
            self._lag, self._fault = breaker.call(self._look), ""
        except ReplicaUnusable as fault:
            self._lag, self._fault = None, str(fault)
        except (Error, CircuitOpen):
            self._lag, self._fault = None, "The replica doesn't answer: what it would answer is read from the primary."
        self._until = time.monotonic() + BELIEVED_SECS

    def _look(self) -> float:
        now = time.monotonic()
        written = _primary_position()
        if written is None:
            raise ReplicaUnusable("Without the primary nobody knows how far the replica is behind.")
        self._written.append((now, written))
        with query_timeout.at_most(PATIENCE_SECS):
            is_replica, replayed = replica().ask(REPLAYED)
        if not is_replica:
            raise ReplicaUnusable(NO_REPLICA)
        if replayed is None:
            raise ReplicaUnusable("The replica has replayed nothing yet.")
        reached = [at for at, position in self._written if position <= int(replayed)]
        if not reached:
            raise ReplicaUnusable(f"The replica is at least {now - self._written[0][0]:.0f} seconds behind.")
        return now - reached[-1]


def forget() -> None:
    """Drop what is known of the replica, for tests that start one of their own."""
    global looks
    looks = Looks()
    breaker.close()


def _primary_position() -> int | None:
    try:
        with query_timeout.at_most(PATIENCE_SECS), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(WRITTEN)
            return int(cursor.fetchone()[0])
    except Error:
        return None


looks = Looks()
