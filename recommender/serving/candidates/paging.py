"""Select the positions of one page from a ranking. Filters act here, per request, on what was ranked before."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np

from catalog.snapshot import NO_GROUP, Snapshot
from recommender.engine.types import UNKNOWN, IntArray, Mask
from recommender.serving.candidates.context import NO_ITEMS, Ranked

CHUNK = 256
"""Positions that are checked at once: a page is nearly always found in the first chunk."""


@dataclass(frozen=True, eq=False, slots=True)
class Eligibility:
    """Define what may be on a page."""

    catalogue: Snapshot
    eligible: Mask
    """Available, through the filters and not seen (n_items + 1,); the last entry is for items that are gone."""
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
        eligible = np.append(catalogue.available if matching is None else matching, False)
        eligible[catalogue.with_variants(seen)] = False
        return cls(catalogue, eligible)

    @property
    def allowed(self) -> Mask:
        """Return the eligible rows of the catalogue (n_items,)."""
        return self.eligible[:-1]

    def total(self) -> int:
        """Count the items on all pages, whatever the scores."""
        return self.catalogue.count_distinct(self.allowed)


def interleave(ranked: Ranked, eligibility: Eligibility) -> Ranked:
    """Interleave new items with a ranking at their share of the positions: with a tenth, the 10th, the 20th and so on.

    A new item that the ranking holds further up by its own score stays there. Each position depends on those before it
    alone, so the pages of a list fit together.
    """
    ranked, new = (part.take(_passes(part, eligibility)) for part in (ranked, eligibility.new))
    own_place = np.full(len(eligibility.catalogue), len(eligibility.catalogue) + len(new))
    own_place[ranked.rows] = np.arange(len(ranked))
    taken: list[int] = []
    slots: list[int] = []
    for number, place in enumerate(own_place[new.rows].tolist()):
        slot = ceil((len(taken) + 1) / eligibility.new_share - 1e-9) - 1
        if place > slot:
            taken.append(number)
            slots.append(slot)
    new = new.take(np.array(taken, np.intp))
    rest = _without(ranked, new, eligibility)
    reached = np.array(slots, np.intp) < len(rest) + np.arange(1, len(new) + 1)
    new, slots = new.take(reached), np.array(slots, np.intp)[reached].tolist()
    if not reached.all():
        rest = _without(ranked, new, eligibility)
    order = np.full(len(rest) + len(new), UNKNOWN)
    order[slots] = len(rest) + np.arange(len(new))
    order[order == UNKNOWN] = np.arange(len(rest))
    return rest.concat(new).take(order)


def _without(ranked: Ranked, others: Ranked, eligibility: Eligibility) -> Ranked:
    among = np.zeros(len(eligibility.catalogue), bool)
    among[others.rows] = True
    return ranked.take(~among[ranked.rows])


def positions(ranked: Ranked, eligibility: Eligibility, count: int) -> list[int]:
    """Return the positions of the first `count` eligible items; of the variants of one thing only the first counts."""
    found: list[int] = []
    groups: set[int] = set()
    taken: Counter[str] = Counter()
    for start in range(0, len(ranked), CHUNK):
        part = ranked if len(ranked) <= CHUNK else ranked.take(slice(start, start + CHUNK))
        passing = np.flatnonzero(_passes(part, eligibility)).tolist()
        if eligibility.catalogue.has_groups:
            passing = list(_first_of_each(passing, eligibility.catalogue.groups[part.rows].tolist(), groups))
        if eligibility.cap:
            passing = list(_within_cap(passing, part, eligibility, taken))
        found += [start + position for position in passing] if start else passing
        if len(found) >= count:
            break
    return found[:count]


def _passes(part: Ranked, eligibility: Eligibility) -> Mask:
    """Mark the items that are eligible and score enough (n,)."""
    passes = eligibility.eligible[part.rows]
    if eligibility.min_score is not None:
        passes &= (part.scores >= eligibility.min_score) & np.isin(part.sources, eligibility.scored_by)
    return passes


def _within_cap(passing: list[int], part: Ranked, eligibility: Eligibility, taken: Counter[str]) -> Iterator[int]:
    """Yield the positions whose categories are all below the cap."""
    for position in passing:
        categories = eligibility.catalogue.categories[part.rows[position]]
        if all(taken[category] < eligibility.cap for category in categories):
            taken.update(categories)
            yield position


def _first_of_each(passing: list[int], groups: list[int], taken: set[int]) -> Iterator[int]:
    """Yield the positions whose group is not taken yet."""
    for position in passing:
        group = groups[position]
        if group not in taken:
            if group != NO_GROUP:
                taken.add(group)
            yield position
