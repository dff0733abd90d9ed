"""Order the head of a list by rules: boosts first, then limits and requirements, around the positions of pins.

Each position takes the best item that keeps what can still be kept. So a limit passes items over until its first
positions are full, and a requirement lets its items rise no further than it has to. A limit beats a requirement; among
requirements the first rule wins. Pins hold whatever these say, and count for both.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Word(StrEnum):
    """Name what a rule did to an item."""

    PINNED = "pinned"
    BOOSTED = "boosted"
    BURIED = "buried"
    REQUIRED = "required"
    HELD_BACK = "held back"


@dataclass(frozen=True, eq=False, slots=True)
class Boost:
    """Move items up: one at position p is sorted as if it stood at p / factor. A factor below 1 buries."""

    rule: int
    factor: float
    matches: Callable[[int], bool]


@dataclass(frozen=True, eq=False, slots=True)
class AtMost:
    """Allow at most `count` items of any one value among the first positions."""

    rule: int
    count: int
    first: int
    values: Callable[[int], Collection[str]]


@dataclass(frozen=True, eq=False, slots=True)
class AtLeast:
    """Require at least `count` items that match among the first positions, as far as there are so many."""

    rule: int
    count: int
    first: int
    matches: Callable[[int], bool]


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
    keys: list[float] = []
    for position, row in enumerate(rows, 1):
        boost = next((one for one in boosts if one.matches(row)), None)
        if boost:
            met.setdefault(row, []).append((boost.rule, Word.BOOSTED if boost.factor > 1 else Word.BURIED))
        keys.append(position / boost.factor if boost else float(position))
    return [rows[at] for at in sorted(range(len(rows)), key=keys.__getitem__)]


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
    taken: list[Counter[str]] = field(default_factory=list)
    """Of each limit: how many items of each value stand among its first positions."""
    missing: list[int] = field(default_factory=list)
    """Of each requirement: how many items it lacks."""
    there: list[int] = field(default_factory=list)
    """Of each requirement: how many items that match are left."""

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
        for one in self.required:
            have = sum(position <= one.first and one.matches(row) for position, (_, row) in self.pins.items())
            self.missing.append(one.count - have)
            self.there.append(sum(map(one.matches, self.left)))

    def _pin(self, position: int) -> None:
        rule, row = self.pins.pop(position)
        self.met.setdefault(row, []).append((rule, Word.PINNED))
        self.out.append(row)

    def _place(self, position: int) -> None:
        at, rule = self._choice(position)
        row = self.left.pop(at)
        if rule is not None:
            self.met.setdefault(row, []).append((rule, Word.REQUIRED))
        self.out.append(row)
        for limit, taken in zip(self.limits, self.taken, strict=True):
            if position <= limit.first:
                taken.update(limit.values(row))
        for number, one in enumerate(self.required):
            if one.matches(row):
                self.there[number] -= 1
                self.missing[number] -= position <= one.first

    def _choice(self, position: int) -> tuple[int, int | None]:
        """Return which of those left comes next, and the rule without which it would not."""
        first = next((at for at, row in enumerate(self.left) if self._stopping(row, position) is None), None)
        if first is None:
            self.is_short = True
            first = 0
        else:
            due, is_enough = self._due(position)
            for row in self.left[:first]:
                self._hold_back(row, position)
            found = self._for(due, is_enough, position, first) if due else None
            if found is not None and found != first:
                return found, next(one.rule for one in due if one.matches(self.left[found]))
        return first, None

    def _stopping(self, row: int, position: int) -> AtMost | None:
        """Return the limit that keeps an item from a position, if any does."""
        for limit, taken in zip(self.limits, self.taken, strict=True):
            if position <= limit.first and any(taken[value] >= limit.count for value in limit.values(row)):
                return limit
        return None

    def _hold_back(self, row: int, position: int) -> None:
        stopping = self._stopping(row, position)
        said = self.met.setdefault(row, [])
        if stopping and (stopping.rule, Word.HELD_BACK) not in said:
            said.append((stopping.rule, Word.HELD_BACK))

    def _due(self, position: int) -> tuple[list[AtLeast], bool]:
        """Return the requirements that need this position, and whether the positions are enough for all of them."""
        needs = [
            (one, min(lacks, there))
            for one, lacks, there in zip(self.required, self.missing, self.there, strict=True)
            if position <= one.first and min(lacks, there) > 0
        ]
        for end in sorted({one.first for one, _ in needs}):
            free = end - position + 1 - sum(position <= pinned <= end for pinned in self.pins)
            needed = sum(need for one, need in needs if one.first <= end)
            if needed >= free:
                return [one for one, _ in needs if one.first <= end], needed == free
        return [], True

    def _for(self, due: Sequence[AtLeast], is_enough: bool, position: int, first: int) -> int | None:
        """Return the best item that one of them needs; where there is not room for all, the first rule's."""
        best: tuple[bool, ...] = ()
        found = None
        for at, row in enumerate(self.left[first:], first):
            kept = tuple(one.matches(row) for one in due)
            if not any(kept) or kept <= best or self._stopping(row, position) is not None:
                continue
            best, found = kept, at
            if is_enough:
                break
        return found
