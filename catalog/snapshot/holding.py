"""Hold the newest snapshot of a process, and move it on: to another base, to what has changed, to a later time."""

import logging
import threading
import time
from functools import partial
from typing import NamedTuple

from catalog.snapshot import advancing, changes
from catalog.snapshot.changes import Position
from catalog.snapshot.files import Stored
from catalog.snapshot.snapshot import Snapshot
from recsite.platform import database, generations
from recsite.platform.exceptions import UserFacingError

logger = logging.getLogger(__name__)
GENERATION = "catalog"
MOST_CHANGED, SHARE, FEWEST_CHANGED = 50_000, 0.05, 1_000
"""The rows that may differ from the base before another is made: a share of it, within limits."""

A_DAY = 24 * 3600.0
"""The age at which a base is made anew: a process that starts shall have little to read."""


class Held(NamedTuple):
    """Hold a snapshot with what it knows: everything up to the position, and to the generation."""

    snapshot: Snapshot
    position: Position
    generation: int
    number: int
    """Of the base among the files of the machine; 0 where it is in the memory of this process."""
    base_at: float
    """When the base was read, in Unix seconds."""

    @property
    def is_heavy(self) -> bool:
        """Tell if another base should be made."""
        most = max(FEWEST_CHANGED, min(MOST_CHANGED, SHARE * len(self.snapshot.base)))
        return len(self.snapshot.records) > most or (self.number > 0 and time.time() - self.base_at > A_DAY)


class Holder:
    """Publish one snapshot after the other. One thread at a time reads (whoever has `reading`), any number look."""

    def __init__(self) -> None:
        self.held: Held | None = None
        self.fault = ""
        """Why the snapshot can't be brought up to date, or costs more than it should; empty where all is well."""
        self.start_afresh()

    def start_afresh(self) -> None:
        """Make new locks: those of a parent process may be held for ever. What is held stays."""
        self.reading, self._publishing = threading.Lock(), threading.Lock()

    def advance(self, held: Held) -> Held:
        """Let time pass: some items become available or unavailable without a change."""
        with self._publishing:
            now = time.time()
            if self.held and now >= self.held.snapshot.changes_at:
                self.held = self.held._replace(snapshot=advancing.at(self.held.snapshot, now))
            return self.held or held

    def patch(self, held: Held) -> bool:
        """Read what has changed and publish it; tell if that was possible. Raises DatabaseDown."""
        # The generation first: a change that comes while we read makes us read again.
        generation = generations.current(GENERATION)
        found = database.ask(partial(changes.since, held.position))
        if found is None:
            return False
        with self._publishing:
            # Time may have passed meanwhile.
            now = self.held or held
            snapshot = advancing.patched(now.snapshot, found)
            self.held = now._replace(snapshot=snapshot, position=found.position, generation=generation)
        return True

    def start(self, stored: Stored, generation: int) -> bool:
        """Publish a base with what has changed since it was read; tell if that was possible. Raises DatabaseDown.

        The generation is that of before the base was read, or of now.
        """
        snapshot, position = Snapshot.of(stored.base, time.time()), stored.position
        if stored.number:
            generation = generations.current(GENERATION)
            found = database.ask(partial(changes.since, position))
            if found is None:
                return False
            snapshot, position = advancing.patched(snapshot, found), found.position
        with self._publishing:
            self.held = Held(snapshot, position, generation, stored.number, stored.position.at)
        return True

    def note(self, error: Exception) -> None:
        """Keep why reading failed, and log it."""
        is_told = isinstance(error, UserFacingError)
        self.fault = str(error) if is_told else f"{type(error).__name__}: {error}"
        logger.error("What is called %s can't be read: %s", GENERATION, error, exc_info=not is_told)
