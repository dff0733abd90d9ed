"""Rank items: in arrays, and in chains of rankings of which only as much is made as a page needs."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommender.cache import SOURCES
from recommender.engine.ranking import Top
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask


@dataclass(frozen=True, eq=False, slots=True)
class Ranked:
    """Rank items of the catalogue, best first: rows, scores and positions in SOURCES, all (n,)."""

    rows: NDArray[np.integer]
    scores: FloatArray
    sources: NDArray[np.uint8]

    @classmethod
    def of(cls, top: Top, source: str) -> Self:
        """Build the ranking of the first list of a batch."""
        rows, scores = top[0][0], top[1][0]
        there = rows != UNKNOWN
        return cls(rows[there], scores[there], np.full(there.sum(), SOURCES.index(source), np.uint8))

    def __len__(self) -> int:
        return len(self.rows)

    def reindex(self, rows: IntArray) -> "Ranked":
        """Return the same items by other rows; `rows` maps a model's rows to the catalogue's."""
        return Ranked(rows[self.rows], self.scores, self.sources)

    def take(self, which: Mask | NDArray[np.integer] | slice) -> "Ranked":
        return Ranked(self.rows[which], self.scores[which], self.sources[which])

    def concat(self, other: "Ranked") -> "Ranked":
        """Append the other ranking. Scores keep the scale of their source."""
        return Ranked.joined((self, other))

    def item(self, at: int) -> tuple[int, float, int]:
        """Return row, score and source of the item at a position."""
        return self.rows[at], self.scores[at], self.sources[at]

    @classmethod
    def joined(cls, parts: Sequence["Ranked"]) -> "Ranked":
        """Return the parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        rows, scores, sources = zip(*((part.rows, part.scores, part.sources) for part in parts), strict=True)
        return cls(np.concatenate(rows), np.concatenate(scores), np.concatenate(sources))


NO_ITEMS = Ranked(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint8))
Maker = Callable[[], Ranked]


class Chain:
    """Rank by several rankings, one after the other: an item counts where it comes first.

    Each is made when somebody looks that far, so that a page costs the same in a catalogue of any size.
    """

    def __init__(self, *parts: "Ranked | Maker | Chain") -> None:
        self._left: list[Ranked | Maker] = []
        for part in parts:
            self._left += part.unmade if isinstance(part, Chain) else [part]
        self._left.reverse()
        self._made: list[Ranked] = []
        self._starts: list[int] = []

    @property
    def unmade(self) -> list[Ranked | Maker]:
        """Return the parts as they were given, those that were made already as rankings."""
        return [*self._made, *reversed(self._left)]

    def within(self, mask: Mask) -> "Chain":
        """Return the same chain without the items outside a mask (n_items,)."""
        return Chain(*(partial(_within, part, mask) for part in self.unmade))

    def parts(self) -> Iterator[tuple[int, Ranked]]:
        """Yield the number of items before each part, and the part; items of earlier parts come again."""
        number = 0
        while number < len(self._made) or self._left:
            if number == len(self._made):
                part = self._left.pop()
                self._starts.append(self._starts[-1] + len(self._made[-1]) if self._made else 0)
                self._made.append(part if isinstance(part, Ranked) else part())
            yield self._starts[number], self._made[number]
            number += 1

    def item(self, at: int) -> tuple[int, float, int]:
        """Return row, score and source of the item at a position that was yielded before."""
        number = bisect_right(self._starts, at) - 1
        # Empty parts begin where the next one does, and are passed by.
        return self._made[number].item(at - self._starts[number])

    def head(self, n: int, allowed: Mask) -> Ranked:
        """Return the first n items that are `allowed` (n_items,)."""
        taken, found, size = np.zeros(len(allowed), bool), [NO_ITEMS], 0
        for _, part in self.parts():
            is_next = marked(allowed, part.rows) & ~marked(taken, part.rows)
            part = part.take(np.flatnonzero(is_next)[: n - size])
            taken[part.rows] = True
            found.append(part)
            size += len(part)
            if size >= n:
                break
        return Ranked.joined(found)


def _within(part: Ranked | Maker, mask: Mask) -> Ranked:
    made = part if isinstance(part, Ranked) else part()
    return made.take(np.flatnonzero(marked(mask, made.rows)))


def marked(mask: Mask, rows: NDArray[np.integer]) -> Mask:
    """Return the entries of a mask (n_items,) at rows (n,); False for items that are gone, or that it doesn't know yet.

    Rankings are shared by snapshots of one base: one of before may meet rows that a later one has added.
    """
    if not len(mask):
        return np.zeros(len(rows), bool)
    found: Mask = mask.take(rows, mode="clip") & (rows >= 0) & (rows < len(mask))
    return found
