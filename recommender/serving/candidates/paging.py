"""Select the positions of one page from a ranking. Filters act here, per request, on what was ranked before."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot import NO_GROUP, Snapshot
from recommender.engine.types import UNKNOWN, IntArray, Mask
from recommender.serving.candidates.context import NO_ITEMS, Ranked

HEAD = 64
"""The first positions, checked one by one: nearly every page ends there, and few steps cost less than few arrays."""

CHUNK = 1_024
"""Positions that are checked at once from there on, to begin with."""

Place = tuple[int, int]
"""The row of an item of the catalogue, and its position in the ranking; the new items follow the ranking's own."""


@dataclass(frozen=True, eq=False, slots=True)
class Eligibility:
    """Define what may be on a page. It takes as long to make, and to ask, in a catalogue of any size."""

    catalogue: Snapshot
    matching: Mask
    """Available, and through the filters (n_items,); shared by requests, so never written to."""
    seen: frozenset[int]
    """The rows that are left out."""
    min_score: float | None = None
    scored_by: tuple[int, ...] = ()
    """Sources (positions in SOURCES) whose scores `min_score` compares. Items of other sources are left out."""
    cap: int = 0
    """The most items of any one category; 0 for any number."""
    window_days: int = 0
    """The window of trending in days; 0 for the usual one."""
    new: Ranked = NO_ITEMS
    """New items that get a share of the positions."""
    new_share: float = 0.0

    @property
    def needs_full_scan(self) -> bool:
        """Tell if only a scan of the whole ranking can count the items."""
        return self.min_score is not None or self.cap > 0

    @classmethod
    def unseen(cls, catalogue: Snapshot, seen: IntArray, matching: Mask | None = None) -> Self:
        """Make eligible what is available (or `matching`), except the items at the rows `seen` and their variants."""
        left_out = frozenset(catalogue.with_variants(seen).tolist())
        return cls(catalogue, catalogue.available if matching is None else matching, left_out - {UNKNOWN})

    @property
    def allowed(self) -> Mask:
        """Return the eligible rows of the whole catalogue (n_items,)."""
        allowed = self.matching.copy()
        allowed[list(self.seen)] = False
        return allowed

    def passes(self, part: Ranked) -> Mask:
        """Mark the items that are eligible and score enough (n,)."""
        passes = self.matching.take(part.rows, mode="clip") & (part.rows >= 0)
        if self.seen:
            passes &= np.isin(part.rows, list(self.seen), invert=True)
        if self.min_score is not None:
            passes &= (part.scores >= self.min_score) & np.isin(part.sources, self.scored_by)
        return passes

    def places(self, ranked: Ranked, start: int = 0) -> Iterator[Place]:
        """Yield the eligible places of a ranking one by one; `start` is added to the positions."""
        at, matching, seen = 0, self.matching, self.seen
        if self.min_score is None:
            for at, row in enumerate(ranked.rows[:HEAD].tolist(), start):
                if row >= 0 and row not in seen and matching[row]:
                    yield row, at
            at = HEAD
        size = CHUNK
        while at < len(ranked):
            part = ranked.take(slice(at, at + size))
            passing = np.flatnonzero(self.passes(part))
            yield from zip(part.rows[passing].tolist(), (passing + (start + at)).tolist(), strict=True)
            at, size = at + size, 2 * size

    def total(self) -> int:
        """Count the items on all pages, whatever the scores."""
        seen = [row for row in self.seen if self.matching[row]]
        return self.catalogue.count_distinct(self.matching) - _count_distinct(self.catalogue, seen)


def _count_distinct(catalogue: Snapshot, rows: Sequence[int]) -> int:
    """Count the items at these rows; the variants of one thing count once."""
    if not catalogue.has_groups:
        return len(rows)
    groups = [int(catalogue.groups[row]) for row in rows]
    return groups.count(NO_GROUP) + len({*groups} - {NO_GROUP})


def places(ranked: Ranked, eligibility: Eligibility) -> Iterator[Place]:
    """Yield the places of a list in order: its new items at their share of the positions, each thing once, capped.

    Nothing is looked at further down than it is asked for.
    """
    found = eligibility.places(ranked)
    if len(eligibility.new):
        found = _interleaved(found, eligibility.places(eligibility.new, len(ranked)), eligibility.new_share)
    if eligibility.catalogue.has_groups:
        found = _first_of_each(found, eligibility.catalogue.groups)
    if eligibility.cap:
        found = _within_cap(found, eligibility.catalogue, eligibility.cap)
    return found


def take(ranked: Ranked, new: Ranked, chosen: Sequence[Place]) -> Ranked:
    """Return the items at these places."""
    own = len(ranked)
    if all(at < own for _, at in chosen):
        return ranked.take(np.array([at for _, at in chosen], np.intp))
    rows, scores, sources = zip(*(_item(ranked, new, at) for _, at in chosen), strict=True)
    return Ranked(np.array(rows), np.array(scores, np.float32), np.array(sources, np.uint8))


def _item(ranked: Ranked, new: Ranked, at: int) -> tuple[int, float, int]:
    part, at = (ranked, at) if at < len(ranked) else (new, at - len(ranked))
    return part.rows[at], part.scores[at], part.sources[at]


def _interleaved(own: Iterator[Place], new: Iterator[Place], share: float) -> Iterator[Place]:
    """Interleave new items with a ranking at their share of the positions: with a tenth, the 10th, the 20th and so on.

    A new item that the ranking holds further up by its own score stays there. Each position depends on those before it
    alone, so the pages of a list fit together.
    """
    ahead: deque[Place] = deque()
    # The rows of the ranking's own places that were looked at, and of the new items that have their slots.
    held, slotted = set[int](), set[int]()

    def look() -> bool:
        if (place := next(own, None)) is None:
            return False
        held.add(place[0])
        ahead.append(place)
        return True

    count, slot = 0, _slot(0, share)
    while True:
        if count == slot:
            while len(held) <= slot and look():
                pass
            chosen = next((place for place in new if place[0] not in held), None)
            if chosen is not None:
                yield chosen
                slotted.add(chosen[0])
                slot = _slot(len(slotted), share)
                count += 1
                continue
        if not ahead and not look():
            return
        place = ahead.popleft()
        if place[0] not in slotted:
            yield place
            count += 1


def _slot(number: int, share: float) -> int:
    """Return the position of the new item of this number, from 0 on."""
    return ceil((number + 1) / share - 1e-9) - 1


def _within_cap(found: Iterator[Place], catalogue: Snapshot, cap: int) -> Iterator[Place]:
    """Yield the places whose categories are all below the cap."""
    taken: Counter[str] = Counter()
    for place in found:
        categories = catalogue.categories[place[0]]
        if all(taken[category] < cap for category in categories):
            taken.update(categories)
            yield place


def _first_of_each(found: Iterator[Place], groups: NDArray[np.int32]) -> Iterator[Place]:
    """Yield the places whose group is not taken yet: of the variants of one thing the first counts."""
    taken = set[int]()
    for place in found:
        group = int(groups[place[0]])
        if group not in taken:
            if group != NO_GROUP:
                taken.add(group)
            yield place
