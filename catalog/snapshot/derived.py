"""Keep what is made of a snapshot, such as the mask of a filter, and bring it up to date by the rows that changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Rows = NDArray[np.integer]
LONGEST, KEPT = 2_000, 1_000
"""Versions whose changed rows are remembered: beyond the first number, the last ones."""


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


class Lineage:
    """Join the snapshots whose rows mean the same: they are made of one base, each by changing rows of the one before.

    One thread at a time makes snapshots; any number read.
    """

    def __init__(self, most: int = 32) -> None:
        """Take how many derived values to keep, the last used ones."""
        self.new_groups: dict[str, int] = {}
        """The numbers of groups that the base doesn't have."""
        self._changed: tuple[int, list[Rows]] = (0, [])
        """The rows that changed with each version, and how many versions are forgotten."""
        self._most = most
        self._derived: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def next_version(self, rows: Rows) -> int:
        """Note the rows that change, and return the number of the version that they make."""
        forgotten, changed = self._changed
        if len(changed) >= LONGEST:
            forgotten, changed = forgotten + len(changed) - KEPT, changed[-KEPT:]
        # A new list where something is forgotten, the same one where it grows: readers look up to their own version.
        changed.append(rows)
        self._changed = (forgotten, changed)
        return forgotten + len(changed)

    def changed_between(self, older: int, newer: int) -> Rows | None:
        """Return the rows that differ, sorted; None where nobody remembers."""
        forgotten, changed = self._changed
        if not forgotten <= older <= newer:
            return None
        parts = changed[older - forgotten : newer - forgotten]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def derive(
        self,
        key: Hashable,
        snapshot: Versioned,
        make: Callable[[], T],
        patch: Callable[[T, Rows], T | None],
        holds: Callable[[T], bool] | None = None,
    ) -> T:
        """Return the value for this snapshot: the one that is kept, or that one patched, or else a new one.

        A value that no longer `holds`, whatever the rows, is made anew.
        """
        with self._lock:
            version, value = self._derived.get(key, (-1, None))
            is_outdated = version >= 0 and holds is not None and not holds(value)
            if version >= 0:
                self._derived.move_to_end(key)
            if is_outdated:
                version = -1
        if version == snapshot.version:
            return cast(T, value)
        rows = self.changed_between(version, snapshot.version) if version >= 0 else None
        patched = patch(value, rows) if rows is not None else None
        found: T = make() if patched is None else patched
        with self._lock:
            if is_outdated or self._derived.get(key, (-1, None))[0] < snapshot.version:
                self._derived[key] = (snapshot.version, found)
            while len(self._derived) > self._most:
                self._derived.popitem(last=False)
        return found
