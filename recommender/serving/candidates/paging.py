"""From a ranking to the places of one page. Filters act here, for each request, on what was ranked before."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np

from catalog.snapshot import NO_GROUP, Snapshot
from recommender.engine.types import UNKNOWN, IntArray, Mask
from recommender.serving.candidates.view import NO_ITEMS, Ranked

CHUNK = 256
"""Places looked at together: a page is nearly always found among the first."""


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """What may stand on a page."""

    catalogue: Snapshot
    open: Mask
    """Available, through the filters and not seen (n_items + 1,); the last one stands for items that are gone."""
    min_score: float | None = None
    scored_by: tuple[int, ...] = ()
    """The sources, as positions in SOURCES, whose scores `min_score` means. The others can't say, and are left out."""
    cap: int = 0
    """Items of any one category, at most; 0 for any number."""
    window_days: int = 0
    """How far back what is trending looks; 0 for the usual window."""
    new: Ranked = NO_ITEMS
    """Items that are tried in a share of the places."""
    new_share: float = 0.0

    @property
    def is_counted_by_looking(self) -> bool:
        """Whether only a look at all places says how many there are."""
        return self.min_score is not None or self.cap > 0

    @classmethod
    def unseen(cls, catalogue: Snapshot, seen: IntArray, matching: Mask | None = None) -> Self:
        """What is available, but for the items at the rows `seen`; of the rows that match, where a mask is given."""
        open_ = np.append(catalogue.available if matching is None else matching, False)
        open_[seen] = False
        return cls(catalogue, open_)

    @property
    def allowed(self) -> Mask:
        """The same, over the rows of the catalogue (n_items,)."""
        return self.open[:-1]

    def total(self) -> int:
        """How many places all pages have together, whatever the scores."""
        return self.catalogue.things(self.allowed)


def mixed(ranked: Ranked, wanted: Wanted) -> Ranked:
    """A ranking in which new items take their share of the places: of a tenth, the 10th, the 20th and so on.

    A new item that the ranking holds further up, by its own worth, stays there. What is at one place depends on what
    stands before it alone, so the pages of a list fit together.
    """
    ranked, new = (part.only(_passes(part, wanted)) for part in (ranked, wanted.new))
    own_place = np.full(len(wanted.catalogue), len(wanted.catalogue) + len(new))
    own_place[ranked.rows] = np.arange(len(ranked))
    taken: list[int] = []
    slots: list[int] = []
    for number, place in enumerate(own_place[new.rows].tolist()):
        slot = ceil((len(taken) + 1) / wanted.new_share - 1e-9) - 1
        if place > slot:
            taken.append(number)
            slots.append(slot)
    new = new.only(np.array(taken, np.intp))
    rest = _without(ranked, new, wanted)
    reached = np.array(slots, np.intp) < len(rest) + np.arange(1, len(new) + 1)
    new, slots = new.only(reached), np.array(slots, np.intp)[reached].tolist()
    if not reached.all():
        rest = _without(ranked, new, wanted)
    order = np.full(len(rest) + len(new), UNKNOWN)
    order[slots] = len(rest) + np.arange(len(new))
    order[order == UNKNOWN] = np.arange(len(rest))
    return rest.joined(new).only(order)


def _without(ranked: Ranked, others: Ranked, wanted: Wanted) -> Ranked:
    among = np.zeros(len(wanted.catalogue), bool)
    among[others.rows] = True
    return ranked.only(~among[ranked.rows])


def places(ranked: Ranked, wanted: Wanted, count: int) -> list[int]:
    """The positions of the first `count` items that are wanted; of variants only the first one counts."""
    found: list[int] = []
    groups: set[int] = set()
    taken: Counter[str] = Counter()
    for start in range(0, len(ranked), CHUNK):
        part = ranked if len(ranked) <= CHUNK else ranked.only(slice(start, start + CHUNK))
        passing = np.flatnonzero(_passes(part, wanted)).tolist()
        if wanted.catalogue.has_groups:
            passing = list(_first_of_each(passing, wanted.catalogue.groups[part.rows].tolist(), groups))
        if wanted.cap:
            passing = list(_within_cap(passing, part, wanted, taken))
        found += [start + position for position in passing] if start else passing
        if len(found) >= count:
            break
    return found[:count]


def _passes(part: Ranked, wanted: Wanted) -> Mask:
    """Wanted, and good enough (n,)."""
    passes = wanted.open[part.rows]
    if wanted.min_score is not None:
        passes &= (part.scores >= wanted.min_score) & np.isin(part.sources, wanted.scored_by)
    return passes


def _within_cap(passing: list[int], part: Ranked, wanted: Wanted, taken: Counter[str]) -> Iterator[int]:
    """The positions without those that have a category of which as many as may be are taken."""
    for position in passing:
        categories = wanted.catalogue.categories[part.rows[position]]
        if all(taken[category] < wanted.cap for category in categories):
            taken.update(categories)
            yield position


def _first_of_each(passing: list[int], groups: list[int], taken: set[int]) -> Iterator[int]:
    """The positions without those of groups that are taken."""
    for position in passing:
        group = groups[position]
        if group not in taken:
            if group != NO_GROUP:
                taken.add(group)
            yield position
