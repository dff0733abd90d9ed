"""Give each process its snapshot: a small catalogue is read when it is asked for, a large one by the keeper."""

import atexit
import os
import time
from functools import partial

from catalog.snapshot import changes, files
from catalog.snapshot.holding import GENERATION, Held, Holder
from catalog.snapshot.keeper import Keeper
from catalog.snapshot.snapshot import Snapshot
from recsite.platform import database, generations, query_timeout
from recsite.platform.database import DatabaseDown

SMALL = 20_000
"""Items up to which each process reads them by itself, into its own memory."""

REST, LONGEST_REST = 10, 0.5
"""Whoever has read a small catalogue's changes lets this many times as long pass as that took, up to some seconds."""

RETRY_SECONDS = 5.0
READING = "The catalogue is being read for the first time. Try again in a few seconds."


class Refresher:
    """Return what this process knows of the catalogue. Where reading fails, the snapshot of before goes on serving."""

    def __init__(self) -> None:
        self._holder = Holder()
        self._keeper = Keeper(self._holder)
        self._is_large = False
        self._not_before = 0.0
        # A fork takes no threads along, and must not wait for their locks. What is held stays, and what is mapped.
        os.register_at_fork(after_in_child=self._start_afresh)
        atexit.register(self._keeper.stop)

    @property
    def fault(self) -> str:
        return self._holder.fault

    def current(self) -> Snapshot:
        """Return the snapshot. Raises DatabaseDown where there was never one and can't be now."""
        held = self._holder.held
        if held is None:
            held = self._first()
        elif self._is_large:
            self._keeper.ensure()
        elif generations.current(GENERATION) != held.generation and time.monotonic() >= self._not_before:
            self._read_again(held)
            held = self._holder.held or held
        if time.time() >= held.snapshot.changes_at:
            held = self._holder.advance(held)
        return held.snapshot

    def wake(self) -> None:
        """Have the keeper look now: this process has changed something."""
        self._keeper.wake()

    def forget(self) -> None:
        """Forget everything, as if the process had just started; for tests."""
        self._keeper.stop()
        self._holder.held, self._holder.fault = None, ""
        self._is_large, self._not_before = False, 0.0
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._holder.start_afresh()
        self._keeper.start_afresh()

    def _first(self) -> Held:
        with self._holder.reading:
            if self._holder.held is None and not self._is_large:
                try:
                    self._start()
                except Exception as error:
                    self._holder.note(error)
                    raise
        return self._holder.held or self._wait_for_the_keeper()

    def _start(self) -> None:
        """Read a small catalogue; leave a large one to the keeper."""
        self._is_large = database.ask(partial(changes.is_larger_than, SMALL))
        if self._is_large:
            self._holder.fault = ""
            self._keeper.ensure()
        else:
            # The generation first: a change that comes while we read makes us read again.
            generation = generations.current(GENERATION)
            self._holder.start(database.ask(files.built_in_memory), generation)

    def _wait_for_the_keeper(self) -> Held:
        """Wait as long as this process waits for the database: a request not for long, a command until it is there."""
        self._keeper.ensure()
        self._keeper.wait(query_timeout.limit())
        if self._holder.held is None:
            raise DatabaseDown(self._holder.fault or READING)
        return self._holder.held

    def _read_again(self, held: Held) -> None:
        """Read what has changed in a small catalogue; one thread does, others use the snapshot of before."""
        if not self._holder.reading.acquire(blocking=False):
            return
        started = time.monotonic()
        try:
            if not self._holder.patch(held) or (self._holder.held or held).is_heavy:
                self._start()
            self._holder.fault = ""
            self._not_before = time.monotonic() + min(REST * (time.monotonic() - started), LONGEST_REST)
        except Exception as error:
            self._holder.note(error)
            self._not_before = time.monotonic() + RETRY_SECONDS
        finally:
            self._holder.reading.release()
