"""Cut a page that the rules of a placement arrange, out of the same rankings as any other page."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from catalog.snapshot import Filtered
from recommender.cache import SOURCES
from recommender.engine import rules
from recommender.engine.rules import AtLeast, AtMost, Boost, Pin, Word
from recommender.serving.candidates.paging import Beyond, Eligibility
from recommender.serving.candidates.rankings import NO_ITEMS, Ranked

RULE = "rule"
"""The source of what is pinned."""

Cut = Callable[[Eligibility, int, int, float], tuple[Ranked, int]]
"""Make a part of the list, given offset, limit and diversity; and the number of items on all pages."""

Met = Mapping[int, Sequence[tuple[int, Word]]]


@dataclass(frozen=True, eq=False, slots=True)
class Effects:
    """Hold what the rules in force do to one list. Each kind stands in the order of the rules."""

    pins: Sequence[Pin] = ()
    boosts: Sequence[Boost] = ()
    limits: Sequence[AtMost] = ()
    required: Sequence[AtLeast] = ()
    filters: Mapping[int, Filtered] = field(default_factory=dict)
    """What each rule with a filter is about."""
    blocks: Mapping[int, Filtered] = field(default_factory=dict)
    """What each rule that blocks leaves out; the filters of the list know of it already."""
    listable: frozenset[int] | None = None
    """The only rows that may be pinned; None for any."""

    def __bool__(self) -> bool:
        return bool(self.pins or self.boosts or self.limits or self.required)

    def blocking(self, row: int) -> int | None:
        """Return the first rule that blocks an item."""
        return next((rule for rule, found in self.blocks.items() if found.mask[row]), None)


NO_EFFECTS = Effects()


def cut_by_rules(
    cut: Cut, eligibility: Eligibility, effects: Effects, offset: int, limit: int, diversity: float
) -> tuple[Ranked, int, Met]:
    """Return the page, the number of items on all pages, and by row which rules met an item."""
    source = _Lists(cut, eligibility, effects, diversity)
    made = rules.page(source, effects.pins, effects.boosts, effects.limits, effects.required, offset, limit)
    pinned = {row for row, said in made.met.items() if said[-1][1] == Word.PINNED}
    found = [(np.nan, SOURCES.index(RULE)) if row in pinned else source.found[row] for row in made.rows]
    ranked = Ranked(
        np.array(made.rows, np.int64),
        np.array([score for score, _ in found], np.float32),
        np.array([number for _, number in found], np.uint8),
    )
    return ranked, source.total + len(made.taken), made.met


@dataclass(slots=True)
class _Lists:
    """Make the lists that rules arrange: see `rules.Source`."""

    make: Cut
    eligibility: Eligibility
    effects: Effects
    diversity: float
    found: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Score and source of the rows that were met."""
    total: int = 0

    def cut(self, taken: Sequence[int], offset: int, limit: int) -> list[int]:
        ranked, self.total = self.make(self.eligibility.beside(taken), offset, limit, self.diversity)
        return self._noted(ranked)

    def head(self, taken: Sequence[int], limit: int, least: int) -> list[int]:
        own = replace(self.eligibility.beside(taken), beyond=Beyond.NOTHING)
        ranked, self.total = self.make(own, 0, limit, self.diversity)
        # Diversity orders a head as a whole, so part of one would repeat its items on later pages.
        if len(ranked) < (limit if self.diversity else least):
            return self.cut(taken, 0, limit)
        return self._noted(ranked)

    def best(self, rule: int, taken: Sequence[int], limit: int) -> list[int]:
        own, wanted = self.eligibility.beside(taken), self.effects.filters[rule]
        if own.matching.mask is not own.catalogue.available:
            mask = own.matching.mask & wanted.mask
            wanted = Filtered(mask, own.catalogue.count_distinct(mask))
        if not wanted.count:
            return []
        ranked, _ = self.make(replace(own, matching=wanted, new=NO_ITEMS, beyond=Beyond.EVERYBODY), 0, limit, 0.0)
        return self._noted(ranked)

    def may_list(self, row: int, taken: Sequence[int]) -> bool:
        own, listable = self.eligibility, self.effects.listable
        if own.min_score is not None or (listable is not None and row not in listable):
            return False
        if not own.matching.mask[row] or row in own.beside(taken).seen:
            return False
        categories = own.catalogue.categories
        counts = Counter(name for other in taken for name in categories[other]) if own.cap else Counter[str]()
        return not own.cap or all(counts[name] < own.cap for name in categories[row])

    def _noted(self, ranked: Ranked) -> list[int]:
        rows: list[int] = ranked.rows.tolist()
        values = zip(ranked.scores.tolist(), ranked.sources.tolist(), strict=True)
        self.found.update(zip(rows, values, strict=True))
        return rows
