"""Hold many strings as one block of UTF-8: as objects of Python they would take several times the memory."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import overload
from zlib import crc32

import numpy as np
from numpy.typing import NDArray


class Texts(Sequence[str]):
    """Make a string when it is asked for."""

    def __init__(self, block: NDArray[np.uint8], starts: NDArray[np.int64]) -> None:
        """Take the bytes of all strings, and where each begins (n + 1,), the end of the last one included."""
        # Through memoryviews, since indexing an array of numpy takes three times as long.
        self._block, self._starts = block.data, starts.data

    def __len__(self) -> int:
        return len(self._starts) - 1

    def rows_of(self, wanted: Iterable[str]) -> NDArray[np.intp]:
        """Return the places of all strings that are any of those wanted."""
        return rows_of_texts(np.asarray(self._block), np.asarray(self._starts)[:-1], self.lengths(), wanted)

    def lengths(self) -> NDArray[np.int64]:
        """Return the bytes of each string."""
        return np.diff(np.asarray(self._starts))

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return str(self._block[self._starts[at] : self._starts[at + 1]], "utf-8")


class Names(Texts):
    """Find the place of a string as well, by a sorted array of hashes."""

    def __init__(
        self,
        block: NDArray[np.uint8],
        starts: NDArray[np.int64],
        hashes: NDArray[np.uint32],
        order: NDArray[np.int32],
    ) -> None:
        """Take the sorted hashes of the strings too, and the place of each."""
        super().__init__(block, starts)
        self._hashes, self._order = hashes.data, order.data

    def find(self, text: str) -> int:
        """Return the place of the string; -1 where there is none."""
        wanted = text.encode("utf-8", "surrogatepass")
        hashed = crc32(wanted)
        for at in range(bisect_left(self._hashes, hashed), len(self._hashes)):
            if self._hashes[at] != hashed:
                break
            place = self._order[at]
            if self._block[self._starts[place] : self._starts[place + 1]] == wanted:
                return place
        return -1


def hashed(strings: Sequence[bytes | memoryview]) -> NDArray[np.uint32]:
    """Return the hash by which `Names` finds each string."""
    return np.fromiter(map(crc32, strings), np.uint32, len(strings))


def rows_of_texts(
    block: NDArray[np.uint8], starts: NDArray[np.integer], lengths: NDArray[np.integer], wanted: Iterable[str]
) -> NDArray[np.intp]:
    """Return the places (rising) of the texts, at `starts` of the block, that are any of those wanted.

    Only texts of the right length are looked at, byte by byte, as arrays that get shorter with each.
    """
    by_length: dict[int, list[bytes]] = {}
    for text in wanted:
        raw = text.encode("utf-8", "surrogatepass")
        by_length.setdefault(len(raw), []).append(raw)
    found = [np.empty(0, np.intp)]
    for length, raws in by_length.items():
        places = np.flatnonzero(lengths == length)
        found += [_same(block, starts, places, raw) for raw in raws]
    return np.sort(np.concatenate(found)) if len(found) > 2 else found[-1]


def _same(
    block: NDArray[np.uint8], starts: NDArray[np.integer], places: NDArray[np.intp], raw: bytes
) -> NDArray[np.intp]:
    """Return the places whose texts, as long as `raw`, are `raw`. The last byte tells most apart, so it comes first."""
    for at in range(len(raw) - 1, -1, -1):
        if not len(places):
            break
        places = places[block[starts[places] + at] == raw[at]]
    return places
