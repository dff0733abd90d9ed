"""Select the positions of one page from a ranking. Filters act here, per request, on what was ranked before."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from math import ceil
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from catalog.snapshot import NO_GROUP, Filtered, Snapshot
from recommender.engine.types import UNKNOWN, IntArray, Mask
from recommender.serving.candidates.rankings import NO_ITEMS, Chain, Ranked, marked

HEAD = 64
"""The first positions, checked one by one: nearly every page ends there, and few steps cost less than few arrays."""

CHUNK = 1_024
"""Positions that are checked at once from there on, to begin with."""

Place = tuple[int, int]
"""The row of an item of the catalogue, and its position in the ranking; new items have -1, -2 and so on."""


class Beyond(Enum):
    """Name what follows a user's candidates on their list."""

    MODEL = auto()
    """Whatever the user's model ranks further down: the whole catalogue is scored for it."""
    EVERYBODY = auto()
    """What everybody gets."""
    NOTHING = auto()


@dataclass(frozen=True, eq=False, slots=True)
class Eligibility:
    """Define what may be on a page. It takes as long to make, and to ask, in a catalogue of any size."""

    catalogue: Snapshot
    matching: Filtered
    """Available, and through the filters; shared by requests."""
    seen: frozenset[int]
    """The rows that are left out."""
    min_score: float | None = None
    scored_by: tuple[int, ...] = ()
    """Sources (positions in SOURCES) whose scores `min_score` compares. Items of other sources are left out."""
    cap: int = 0
    """The most items of any one category; 0 for any number."""
    window_days: int = 0
    """The window of popular and trending in days; 0 for the usual one."""
    new: Ranked = NO_ITEMS
    """New items that get a share of the positions."""
    new_share: float = 0.0
    listed: tuple[int, ...] = ()
    """Rows that stand on the list already, at places of their own: the cap counts them."""
    beyond: Beyond = Beyond.MODEL

    @property
    def needs_full_scan(self) -> bool:
        """Tell if only a scan of the whole ranking can count the items."""
        return self.min_score is not None or self.cap > 0

    @classmethod
    def unseen(
        cls,
        catalogue: Snapshot,
        seen: IntArray,
        matching: Filtered | None = None,
        exclude: Iterable[int] = (),
        **more: Any,
    ) -> Self:
        """Make eligible what is available (or `matching`), except the items at the rows `seen` and their variants.

        Of the items at the rows `exclude` the variants stay. `more` are other fields.
        """
        left_out = frozenset([*catalogue.with_variants(seen).tolist(), *exclude]) - {UNKNOWN}
        return cls(catalogue, catalogue.filtered() if matching is None else matching, left_out, **more)

    def beside(self, rows: Sequence[int]) -> "Eligibility":
        """Return what may be on the list beside the items at these rows: not they, nor their variants."""
        if not rows:
            return self
        left_out = self.catalogue.with_variants(np.array(rows)).tolist()
        return replace(self, seen=self.seen | {*left_out, *rows}, listed=(*self.listed, *rows))

    @property
    def allowed(self) -> Mask:
        """Return the eligible rows of the whole catalogue (n_items,)."""
        allowed = self.matching.mask.copy()
        allowed[list(self.seen)] = False
        return allowed

    def passes(self, part: Ranked) -> Mask:
        """Mark the items that are eligible and score enough (n,)."""
        passes = marked(self.matching.mask, part.rows)
        if self.seen:
            passes &= self._unseen(part.rows)
        if self.min_score is not None:
            passes &= (part.scores >= self.min_score) & np.isin(part.sources, self.scored_by)
        return passes

    def _unseen(self, rows: NDArray[np.integer]) -> Mask:
        """Mark the rows that are not seen (n,): few of them one by one, which takes less than sorting them."""
        if len(rows) > CHUNK // 4:
            return np.isin(rows, list(self.seen), invert=True)
        seen = self.seen
        return np.array([row not in seen for row in rows.tolist()], bool)

    def places(self, ranked: Ranked, start: int = 0) -> Iterator[Place]:
        """Yield the eligible places of a ranking one by one; `start` is added to the positions."""
        at, matching, seen = 0, self.matching.mask, self.seen
        n_rows = len(matching)
        if self.min_score is None:
            for at, row in enumerate(ranked.rows[:HEAD].tolist(), start):
                if 0 <= row < n_rows and row not in seen and matching[row]:
                    yield row, at
            at = HEAD
        size = CHUNK
        while at < len(ranked):
            part = ranked.take(slice(at, at + size))
            passing = np.flatnonzero(self.passes(part))
            yield from zip(part.rows[passing].tolist(), (passing + (start + at)).tolist(), strict=True)
            at, size = at + size, 2 * size

    def new_places(self) -> Iterator[Place]:
        """Yield the eligible new items, with negative positions."""
        return ((row, -1 - at) for row, at in self.places(self.new))

    def total(self) -> int:
        """Count the items on all pages, whatever the scores."""
        seen = np.fromiter(self.seen, np.intp, len(self.seen))
        seen = seen[self.matching.mask[seen]]
        return self.matching.count - (_count_out(self, seen) if len(seen) else 0)


def _count_out(eligibility: Eligibility, seen: IntArray) -> int:
    """Count the things of which nothing is left when these rows, which match, are left out."""
    catalogue = eligibility.catalogue
    if not catalogue.has_groups:
        return len(seen)
    groups = catalogue.groups[seen]
    of_groups = np.flatnonzero(groups != NO_GROUP)
    one_of = dict(zip(groups[of_groups].tolist(), seen[of_groups], strict=True))
    left = (catalogue.with_variants(np.array([row])) for row in one_of.values())
    gone = sum(not ({*rows[eligibility.matching.mask[rows]].tolist()} - eligibility.seen) for rows in left)
    return len(seen) - len(of_groups) + gone


def places(ranking: Ranked | Chain, eligibility: Eligibility) -> Iterator[Place]:
    """Yield the places of a list in order: its new items at their share of the positions, each thing once, capped.

    Nothing is looked at further down than it is asked for.
    """
    found = _own_places(ranking, eligibility)
    if len(eligibility.new):
        found = _interleaved(found, eligibility.new_places(), eligibility.new_share)
    if eligibility.catalogue.has_groups:
        found = _first_of_each(found, eligibility.catalogue.groups)
    if eligibility.cap:
        found = _within_cap(found, eligibility.catalogue, eligibility.cap, eligibility.listed)
    return found


def _own_places(ranking: Ranked | Chain, eligibility: Eligibility) -> Iterator[Place]:
    if isinstance(ranking, Ranked):
        yield from eligibility.places(ranking)
        return
    found = set[int]()
    for start, part in ranking.parts():
        for place in eligibility.places(part, start):
            if place[0] not in found:
                found.add(place[0])
                yield place


def can_select_at_once(ranking: Ranked, eligibility: Eligibility) -> bool:
    """Tell if no place depends on those before it, but for variants, in a ranking that is short enough."""
    return len(ranking) <= CHUNK and not (len(eligibility.new) or eligibility.needs_full_scan)


def select_at_once(ranking: Ranked, eligibility: Eligibility) -> NDArray[np.intp]:
    """Return the positions that `places` yields, all of them: a long page takes a few steps of NumPy so."""
    at = np.flatnonzero(eligibility.passes(ranking))
    if eligibility.catalogue.has_groups:
        groups = eligibility.catalogue.groups[ranking.rows[at]]
        of_groups = np.flatnonzero(groups != NO_GROUP)
        _, first = np.unique(groups[of_groups], return_index=True)
        at = np.delete(at, np.delete(of_groups, first))
    return at


def take(ranking: Ranked | Chain, new: Ranked, chosen: Sequence[Place]) -> Ranked:
    """Return the items at these places."""
    if isinstance(ranking, Ranked) and len(ranking):
        taken = ranking.take(np.array([max(at, 0) for _, at in chosen], np.intp))
        for place, (row, at) in enumerate(chosen):
            if at < 0:
                taken.rows[place] = row
                _, taken.scores[place], taken.sources[place] = new.item(-1 - at)
        return taken
    if not chosen:
        return NO_ITEMS
    items = (ranking.item(at) if at >= 0 else new.item(-1 - at) for _, at in chosen)
    rows, scores, sources = zip(*items, strict=True)
    return Ranked(np.array(rows), np.array(scores, np.float32), np.array(sources, np.uint8))


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


def _within_cap(found: Iterator[Place], catalogue: Snapshot, cap: int, listed: Sequence[int] = ()) -> Iterator[Place]:
    """Yield the places whose categories are all below the cap, beside the rows that are listed already."""
    taken = Counter(category for row in listed for category in catalogue.categories[row])
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
