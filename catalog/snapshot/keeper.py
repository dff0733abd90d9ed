"""Keep the snapshot of a large catalogue up to date by a thread, so that no request reads or waits.

It is made at the first use, so after a fork, and ends with the process. Building a base, which takes some seconds for
a million items, has a thread of its own: edits arrive meanwhile.
"""

import threading
import time
from functools import partial

from django.conf import settings
from django.db import connection

from catalog.snapshot import changes, files
from catalog.snapshot.files import Stored
from catalog.snapshot.holding import GENERATION, Holder
from recsite.local.paths import LocalError
from recsite.platform import database, generations

SECONDS_BETWEEN_LOOKS = 0.25
RETRY_SECONDS = 5.0
END_SECONDS = 5.0


class Keeper:
    """Look for changes several times a second, while the process lives."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget threads that a fork has not taken along."""
        self._looked = threading.Condition()
        self._stopped, self._awake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._builder: threading.Thread | None = None
        self._next: Stored | None = None
        self._build_not_before = 0.0
        self._makeshift = self._build_fault = ""

    def ensure(self) -> None:
        """See that the thread lives."""
        if self._thread is None or not self._thread.is_alive():
            with self._looked:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._keep, name="keeping the catalogue", daemon=True)
                    self._thread.start()

    def wait(self, seconds: float | None) -> None:
        """Wait until there is a snapshot, or reading it has failed, or the time is over."""
        with self._looked:
            self._looked.wait_for(lambda: self._holder.held or self._holder.fault, seconds)

    def wake(self) -> None:
        """Have it look now."""
        self._awake.set()

    def stop(self) -> None:
        """End the threads, after what they are doing."""
        self._stopped.set()
        self._awake.set()
        for thread in (self._thread, self._builder):
            if thread is not None and thread is not threading.current_thread():
                thread.join(END_SECONDS)

    def _keep(self) -> None:
        stopped = self._stopped
        while not stopped.is_set():
            self._awake.clear()
            try:
                with self._holder.reading:
                    self._look()
                self._holder.fault = self._build_fault or self._makeshift
                pause = SECONDS_BETWEEN_LOOKS
            except Exception as error:
                self._holder.note(error)
                pause = RETRY_SECONDS
            finally:
                connection.close()
            with self._looked:
                self._looked.notify_all()
            (self._awake if pause == SECONDS_BETWEEN_LOOKS else stopped).wait(pause)

    def _look(self) -> None:
        """Bring the snapshot up to date, and see that it has a base that is not too old."""
        held = self._holder.held
        generation = generations.current(GENERATION)
        if held is None:
            first = self._stored(0)
            # What is on the disk may be too old to be brought up to date.
            if not self._holder.start(first, generation) and not self._holder.start(
                self._stored(first.number), generation
            ):
                raise RuntimeError("More changes than can be read one by one.")
            return
        if (ready := self._next) is not None:
            self._next = None
            self._holder.start(ready, generation)
            return
        is_lost = held.generation != generation and not self._holder.patch(held)
        if is_lost or held.is_heavy:
            self._have_built(held.number)

    def _have_built(self, after: int) -> None:
        """Have another base built, unless that is going on, or has just failed."""
        if (self._builder is None or not self._builder.is_alive()) and time.monotonic() >= self._build_not_before:
            self._builder = threading.Thread(
                target=self._build, args=(after,), name="building the catalogue", daemon=True
            )
            self._builder.start()

    def _build(self, after: int) -> None:
        try:
            self._next = self._stored(after)
            self._build_fault = ""
        except Exception as error:
            self._holder.note(error)
            self._build_fault = self._holder.fault
        finally:
            self._build_not_before = time.monotonic() + RETRY_SECONDS
            self._awake.set()
            connection.close()

    def _stored(self, after: int) -> Stored:
        """Return a base with a higher number, from this machine's files or built now; in memory where these fail."""
        table = database.ask(changes.position).table
        try:
            found = database.ask(partial(files.newest_or_built, table, after))
            self._makeshift = ""
        except (OSError, LocalError) as error:
            self._makeshift = (
                f"The catalogue can't be kept in {settings.CATALOGUE_CACHE_DIR} ({error}), so each process holds it in "
                "its own memory. Make room there, or set CATALOGUE_CACHE_DIR."
            )
            self._holder.note(files.Unwritable(self._makeshift))
            found = database.ask(files.built_in_memory)
        return found
