"""Order the head of a list by rules: boosts first, then limits and requirements, around the positions of pins.

Each position takes the best item that keeps what can still be kept. So a limit passes items over until its first
positions are full, and a requirement lets its items rise no further than it has to. A limit beats a requirement; among
requirements the first rule wins. Pins hold whatever these say, and count for both.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress


class Word(StrEnum):
    """Name what a rule did to an item."""

    PINNED = "pinned"
    BOOSTED = "boosted"
    BURIED = "buried"
    REQUIRED = "required"
    HELD_BACK = "held back"


Matches = Callable[[Sequence[int]], Sequence[bool]]
"""Tells of which of the rows a rule's filter is true: of a hundred at once, since a step for each takes longer."""


@dataclass(frozen=True, eq=False, slots=True)
class Boost:
    """Move items up: one at position p is sorted as if it stood at p / factor. A factor below 1 buries."""

    rule: int
    factor: float
    matches: Matches


@dataclass(frozen=True, eq=False, slots=True)
class AtMost:
    """Allow at most `count` items of any one value among the first positions."""

    rule: int
    count: int
    first: int
    values: Callable[[int], Collection[Hashable]]


@dataclass(frozen=True, eq=False, slots=True)
class AtLeast:
    """Require at least `count` items that match among the first positions, as far as there are so many."""

    rule: int
    count: int
    first: int
    matches: Matches


Limited = tuple[AtMost, Counter[Hashable]]
"""A limit, and how many items of each value stand among its first positions."""

Met = dict[int, list[tuple[int, Word]]]
"""By row: which rules met it, and what each did."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Hold the rows in order, and which rules met them."""

    rows: list[int]
    met: Met
    is_short: bool
    """True where some position had to take an item that a limit should have held back: there was no other."""


def arrange(
    rows: Sequence[int],
    pins: Mapping[int, tuple[int, int]],
    boosts: Sequence[Boost] = (),
    limits: Sequence[AtMost] = (),
    required: Sequence[AtLeast] = (),
    more: Sequence[int] = (),
) -> Arranged:
    """Return the rows in the order that the rules give them.

    `pins` has rule and row by position, from 1 on; a pin beyond the end comes last. `rows` is the list without them,
    `more` what requirements may take from further down: no boost moves these. All rows are distinct.
    """
    met: Met = {}
    filling = _Filling([*_boosted(rows, boosts, met), *more], dict(pins), limits, required, met)
    return filling.fill()


def _boosted(rows: Sequence[int], boosts: Sequence[Boost], met: Met) -> Sequence[int]:
    """Sort by position over factor; of several boosts of an item the first counts. Equals keep their order."""
    if not boosts:
        return rows
    keys = [float(position) for position in range(1, len(rows) + 1)]
    moved: dict[int, Boost] = {}
    for boost in reversed(boosts):
        moved.update((at, boost) for at, is_met in enumerate(boost.matches(rows)) if is_met)
    for at, boost in moved.items():
        if boost.factor == 1:
            continue
        met[rows[at]] = [(boost.rule, Word.BOOSTED if boost.factor > 1 else Word.BURIED)]
        keys[at] /= boost.factor
    return [rows[at] for at in sorted(range(len(rows)), key=keys.__getitem__)] if moved else rows


@dataclass(slots=True)
class _Filling:
    """Fill the positions one after the other."""

    left: list[int]
    pins: dict[int, tuple[int, int]]
    limits: Sequence[AtMost]
    required: Sequence[AtLeast]
    met: Met
    out: list[int] = field(default_factory=list)
    is_short: bool = False
    taken: list[Counter[Hashable]] = field(default_factory=list)
    """Of each limit: how many items of each value stand among its first positions."""
    missing: list[int] = field(default_factory=list)
    """Of each requirement: how many items it lacks."""
    there: list[int] = field(default_factory=list)
    """Of each requirement: how many items that match are left."""
    matching: list[frozenset[int]] = field(default_factory=list)
    """Of each requirement: the rows that match."""
    held_back: int = 0
    """How many of those left, from the first on, some limit holds back until its first positions are full."""
    in_force: int = 0
    """How many limits held at the last position."""

    def fill(self) -> Arranged:
        self._count_pins()
        firsts = [one.first for one in self.limits] + [one.first for one in self.required]
        bound = max(firsts, default=0)
        while self.left or self.pins:
            position = len(self.out) + 1
            if position in self.pins or not self.left:
                self._pin(position if position in self.pins else min(self.pins))
            elif position <= bound:
                self._place(position)
            elif self.pins:
                end = min(self.pins) - position
                self.out += self.left[:end]
                del self.left[:end]
            else:
                self.out += self.left
                break
        return Arranged(self.out, self.met, self.is_short)

    def _count_pins(self) -> None:
        """Count pinned items from the start, wherever they stand among the first positions."""
        for limit in self.limits:
            within = (row for position, (_, row) in self.pins.items() if position <= limit.first)
            self.taken.append(Counter(value for row in within for value in limit.values(row)))
        rows = [*self.left, *(row for _, row in self.pins.values())]
        for one in self.required:
            matching = frozenset(compress(rows, one.matches(rows)))
            have = sum(position <= one.first and row in matching for position, (_, row) in self.pins.items())
            self.matching.append(matching)
            self.missing.append(one.count - have)
            self.there.append(sum(row in matching for row in self.left))

    def _pin(self, position: int) -> None:
        rule, row = self.pins.pop(position)
        self.met.setdefault(row, []).append((rule, Word.PINNED))
        self.out.append(row)

    def _place(self, position: int) -> None:
        limits = [both for both in zip(self.limits, self.taken, strict=True) if position <= both[0].first]
        if len(limits) < self.in_force:
            self.held_back = 0
        self.in_force = len(limits)
        at, rule = self._choice(position, limits)
        row = self.left.pop(at)
        if rule is not None:
            self.met.setdefault(row, []).append((rule, Word.REQUIRED))
        self.out.append(row)
        for limit, taken in limits:
            taken.update(limit.values(row))
        for number, one in enumerate(self.required):
            if row in self.matching[number]:
                self.there[number] -= 1
                self.missing[number] -= position <= one.first

    def _choice(self, position: int, limits: Sequence[Limited]) -> tuple[int, int | None]:
        """Return which of those left comes next, and the rule without which it would not."""
        held_back: list[tuple[int, AtMost]] = []
        for row in self.left[self.held_back :]:
            if (stopping := _stopping(row, limits)) is None:
                break
            held_back.append((row, stopping))
        else:
            self.is_short, self.held_back = True, 0
            return 0, None
        first = self.held_back = self.held_back + len(held_back)
        for row, limit in held_back:
            said = self.met.setdefault(row, [])
            if (limit.rule, Word.HELD_BACK) not in said:
                said.append((limit.rule, Word.HELD_BACK))
        due, is_enough = self._due(position)
        found = self._for(due, is_enough, limits, first) if due else None
        if found is None or found == first:
            return first, None
        row = self.left[found]
        return found, next(self.required[number].rule for number in due if row in self.matching[number])

    def _due(self, position: int) -> tuple[list[int], bool]:
        """Return which requirements need this position, and whether the positions are enough for all of them."""
        needs = [
            (number, one.first, min(lacks, there))
            for number, (one, lacks, there) in enumerate(zip(self.required, self.missing, self.there, strict=True))
            if position <= one.first and min(lacks, there) > 0
        ]
        for end in sorted({its_first for _, its_first, _ in needs}):
            free = end - position + 1 - sum(position <= pinned <= end for pinned in self.pins)
            needed = sum(need for _, its_first, need in needs if its_first <= end)
            if needed >= free:
                return [number for number, its_first, _ in needs if its_first <= end], needed == free
        return [], True

    def _for(self, due: Sequence[int], is_enough: bool, limits: Sequence[Limited], first: int) -> int | None:
        """Return the best item that one of them needs; where there is not room for all, the first rule's."""
        best: tuple[bool, ...] = ()
        found = None
        for at, row in enumerate(self.left[first:], first):
            kept = tuple(row in self.matching[number] for number in due)
            if not any(kept) or kept <= best or _stopping(row, limits) is not None:
                continue
            best, found = kept, at
            if is_enough:
                break
        return found


def _stopping(row: int, limits: Sequence[Limited]) -> AtMost | None:
    """Return the limit that keeps an item from a position, if any does."""
    for limit, taken in limits:
        for value in limit.values(row):
            if taken[value] >= limit.count:
                return limit
    return None
