"""Cut the pages of a list that rules arrange, so that no page repeats another.

Pins come first: what they hold is taken out of the list, which is then made of the rest. Rules look at the first REACH
items of it that are at hand, the same on every page; what follows stays as it is. So rules make no list longer than a
page needs it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from recommender.engine.rules.arranging import AtLeast, AtMost, Boost, Met, arrange

REACH = 100
"""The items that boosts move, and among which limits and requirements choose first."""

SPARE = 20
"""The items further down that are tried for a requirement where limits hold back those of the head."""

FAR = 1_000
"""The items at hand among which a limit chooses where the first REACH are all of values that are full."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Hold one item, or the best that matches, at a position from 1 on."""

    rule: int
    position: int
    row: int | None = None
    """None for the best that `rule` matches."""


class Source(Protocol):
    """Make the list that rules arrange."""

    def cut(self, taken: Sequence[int], offset: int, limit: int) -> list[int]:
        """Return a part of the list of everything but the items `taken` and their variants."""

    def head(self, taken: Sequence[int], limit: int, least: int) -> list[int]:
        """Return the first items of that list, up to the limit: those that are at hand, and `least` in any case."""

    def best(self, rule: int, taken: Sequence[int], limit: int) -> list[int]:
        """Return the first items of which the rule's filter is true: of that list, then of what everybody gets."""

    def may_list(self, row: int, taken: Sequence[int]) -> bool:
        """Tell if the list may hold an item, wherever it ranks, beside those `taken`."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """Hold the rows of a page, which rules met them, and the rows that are taken out of the list."""

    rows: list[int]
    met: Met
    taken: list[int]


def page(
    source: Source,
    pins: Sequence[Pin],
    boosts: Sequence[Boost],
    limits: Sequence[AtMost],
    required: Sequence[AtLeast],
    offset: int,
    limit: int,
) -> Ruled:
    """Return the page of `limit` items from `offset` on. What is of one kind stands in the order of the rules."""
    pinned = _pinned(source, pins)
    taken = [row for _, row in pinned.values()]
    least = max([*pinned, *(one.first for one in limits), *(one.first for one in required)], default=0)
    reach = REACH if boosts or limits or required else least
    own = source.head(taken, reach, least) if reach else []
    more = _more(source, required, pinned, own)
    if more:
        taken += more
        own = source.head(taken, reach, least)
    arranged = arrange(own, pinned, boosts, limits, required, more)
    if arranged.is_short and len(own) == reach:
        far = source.head(taken, FAR, least)
        # No boost moves what is further down.
        arranged = arrange(own, pinned, boosts, limits, required, [*far[reach:], *more])
    elif limits and (spare := _spare(source, _unmet(required, arranged.rows), [*taken, *own])):
        tried = arrange(own, pinned, boosts, limits, required, [*more, *spare]).rows[:least]
        # Only what a requirement takes moves up: the rest of them stays where it is.
        if used := [row for row in spare if row in tried]:
            more, taken = [*more, *used], [*taken, *used]
            own = source.head(taken, reach, least)
            arranged = arrange(own, pinned, boosts, limits, required, more)
    rows, end = arranged.rows, offset + limit
    if end > len(rows):
        start = max(offset, len(rows))
        return Ruled([*rows[offset:], *source.cut(taken, start - len(taken), end - start)], arranged.met, taken)
    return Ruled(rows[offset:end], arranged.met, taken)


def _pinned(source: Source, pins: Sequence[Pin]) -> dict[int, tuple[int, int]]:
    """Return rule and row by position: of several pins of a position, or of an item, the first that can be kept."""
    found: dict[int, tuple[int, int]] = {}
    for pin in pins:
        if pin.position in found:
            continue
        taken = [row for _, row in found.values()]
        if pin.row is None:
            rows = source.best(pin.rule, taken, 1)
        else:
            rows = [pin.row] if source.may_list(pin.row, taken) else []
        if rows:
            found[pin.position] = (pin.rule, rows[0])
    return found


def _more(
    source: Source, required: Sequence[AtLeast], pinned: dict[int, tuple[int, int]], own: Sequence[int]
) -> list[int]:
    """Return the best items further down for requirements that the head can't keep."""
    taken, more = [row for _, row in pinned.values()], list[int]()
    for one in required:
        held = sum(one.matches([row for position, (_, row) in pinned.items() if position <= one.first]))
        held += sum(one.matches([*own, *more]))
        if held < one.count:
            more += source.best(one.rule, [*taken, *own, *more], one.count - held)
    return more


def _unmet(required: Sequence[AtLeast], rows: Sequence[int]) -> list[AtLeast]:
    """Return the requirements that the first positions don't keep, since limits hold back what would."""
    return [one for one in required if sum(one.matches(rows[: one.first])) < one.count]


def _spare(source: Source, unmet: Sequence[AtLeast], listed: Sequence[int]) -> list[int]:
    """Return items further down for these requirements, enough for limits to choose among."""
    spare = list[int]()
    for one in unmet:
        spare += source.best(one.rule, [*listed, *spare], SPARE)
    return spare
