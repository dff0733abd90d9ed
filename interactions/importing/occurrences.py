"""Count how often equal events have come in a file."""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]


class Occurrences:
    """Remember the keys that have come so far, in 8 bytes each: a set would need a gigabyte for ten million.

    They are kept in sorted runs of very different lengths, of which two are merged once they are about equal, so that
    a key is looked up in a few runs and moved a few times.
    """

    def __init__(self) -> None:
        self._runs: list[Keys] = []

    def number(self, keys: Keys) -> NDArray[np.int64]:
        """Return for each key (n,) how many equal ones came before it, and remember them all."""
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        numbers = np.empty(len(keys), np.int64)
        numbers[order] = np.arange(len(keys)) - np.searchsorted(ordered, ordered)
        for run in self._runs:
            numbers += np.searchsorted(run, keys, "right") - np.searchsorted(run, keys)
        self._remember(ordered)
        return numbers

    def _remember(self, ordered: Keys) -> None:
        while self._runs and len(self._runs[-1]) <= len(ordered):
            ordered = np.sort(np.concatenate([self._runs.pop(), ordered]), kind="stable")
        self._runs.append(ordered)
