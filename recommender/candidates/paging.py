"""From a ranking to the places of one page. Filters act here, for each request, on what was ranked before."""

from dataclasses import dataclass, field

import numpy as np

from catalog.snapshot import NO_GROUP, Snapshot
from recommender.candidates.view import Ranked
from recommender.types import UNKNOWN, IntArray, Mask

CHUNK = 256
"""Places looked at together: a page is nearly always found among the first."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What may stand on a page."""

    catalogue: Snapshot
    seen: IntArray
    """The rows of what the person has seen; UNKNOWN for items that are gone."""
    matching: Mask | None = None
    """The rows that are available and pass the request's filters; None where it has none."""
    min_score: float | None = None
    scored_by: tuple[int, ...] = field(default=())
    """The sources, as positions in SOURCES, whose scores `min_score` means. The others can't say, and are left out."""

    @property
    def allowed(self) -> Mask:
        """What is available, passes the filters and wasn't seen (n_items,)."""
        mask = (self.catalogue.available if self.matching is None else self.matching).copy()
        mask[self.seen[self.seen != UNKNOWN]] = False
        return mask

    def total(self) -> int:
        """How many places all pages have together, whatever the scores."""
        if self.matching is None:
            return self.catalogue.things_without(self.seen)
        return self.catalogue.things(self.allowed)


def places(ranked: Ranked, wanted: Wanted, count: int) -> list[int]:
    """The positions of the first `count` items that are wanted; of variants only the first one counts."""
    seen, groups = set(wanted.seen.tolist()), set[int]()
    found: list[int] = []
    for start in range(0, len(ranked), CHUNK):
        part = ranked.only(slice(start, start + CHUNK))
        rows, numbers = part.rows.tolist(), _groups(part, wanted)
        for position in np.flatnonzero(_passes(part, wanted)).tolist():
            number = numbers[position] if numbers else NO_GROUP
            if rows[position] in seen or number in groups:
                continue
            if number != NO_GROUP:
                groups.add(number)
            found.append(start + position)
            if len(found) == count:
                return found
    return found


def _passes(part: Ranked, wanted: Wanted) -> Mask:
    """Available, through the filters, and good enough (n,)."""
    open_ = wanted.catalogue.available if wanted.matching is None else wanted.matching
    passes: Mask = open_[part.rows] & (part.rows != UNKNOWN)
    if wanted.min_score is not None:
        passes &= (part.scores >= wanted.min_score) & np.isin(part.sources, wanted.scored_by)
    return passes


def _groups(part: Ranked, wanted: Wanted) -> list[int]:
    """The group of each item; nothing where the catalogue has no variants."""
    return wanted.catalogue.groups[part.rows].tolist() if wanted.catalogue.has_groups else []
