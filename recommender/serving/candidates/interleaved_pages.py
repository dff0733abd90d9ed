"""Cut a page out of two rankings that are drafted into one list: see `recommender.engine.experiments.interleaving`.

Both rankings are made as they would be shown alone: filtered, diversified and boosted. The draft comes next, so that
nothing which goes by an item favours a ranking, and keeps what holds for the whole list: each thing once, and the cap
per category. Pins, limits and requirements act on the drafted list, with what they pin taken out of both rankings.
What a rule has placed or moved is nobody's.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from catalog.snapshot import NO_GROUP, Filtered
from recommender.engine.experiments.interleaving import NO_TEAM, draft
from recommender.engine.rules import Word
from recommender.engine.types import Mask
from recommender.serving.candidates.context import ServingContext
from recommender.serving.candidates.pages import Page, ruled_page, user_page
from recommender.serving.candidates.paging import Beyond, Eligibility
from recommender.serving.candidates.rankings import Ranked
from recommender.serving.candidates.ruled_pages import NO_EFFECTS, Effects, Met
from recommender.serving.candidates.user_candidates import UserCandidates

FAR = 1_000
"""The items of each ranking that are looked at where a cap may pass many of them over."""


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """Hold one of the two rankings: what a user's candidates are read with."""

    context: ServingContext
    algorithm: str
    known: UserCandidates


@dataclass(eq=False, slots=True)
class Drafting:
    """Make the drafted list of two rankings, whole or in parts, and remember whose each item is."""

    sides: tuple[Side, Side]
    coins: Mask
    fallbacks: Sequence[str]
    boosts: Effects
    matching: Filtered
    """What the whole list may hold; parts that hold less are of no team."""
    teams: dict[int, int] = field(default_factory=dict)
    boosted: dict[int, Sequence[tuple[int, Word]]] = field(default_factory=dict)

    def cut(self, eligibility: Eligibility, offset: int, limit: int, diversity: float) -> Page:
        """Return a part of the drafted list."""
        end = offset + limit
        reach = max(end, FAR) if eligibility.cap else end
        pages = [
            user_page(
                side.context, side.algorithm, side.known, eligibility, 0, reach, diversity, self.fallbacks, self.boosts
            )
            for side in self.sides
        ]
        first, second = (page.ranked for page in pages)
        if eligibility.beyond is Beyond.NOTHING:
            # Only what is at hand of both is a part of the whole list.
            end = min(end, len(first), len(second))
        coins = np.resize(self.coins, end // 2 + 1)
        made = draft(first.rows.astype(np.int32), second.rows.astype(np.int32), end, coins, _admitting(eligibility))
        rows, teams = made.items[offset:].tolist(), made.teams[offset:].tolist()
        if eligibility.matching is self.matching:
            self.teams.update(zip(rows, teams, strict=True))
        is_all = eligibility.needs_full_scan and offset <= len(made.items) < end
        total = len(made.items) if is_all else min(page.total for page in pages)
        self.boosted |= {row: said for page in pages for row, said in page.met.items()}
        return Page(_of_both(rows, teams, first, second), total)


def interleaved_page(
    sides: tuple[Side, Side],
    coins: Mask,
    eligibility: Eligibility,
    offset: int,
    limit: int,
    diversity: float = 0.0,
    fallbacks: Sequence[str] = (),
    effects: Effects = NO_EFFECTS,
) -> tuple[Page, list[int]]:
    """Return the page of the drafted list, and the team of each item on it: 0, 1 or NO_TEAM."""
    boosts = replace(effects, pins=(), limits=(), required=())
    drafting = Drafting(sides, coins, fallbacks, boosts, eligibility.matching)
    found = ruled_page(drafting.cut, eligibility, offset, limit, diversity, replace(effects, boosts=()))
    rows = found.ranked.rows.tolist()
    teams = [NO_TEAM if found.met.get(row) else drafting.teams.get(row, NO_TEAM) for row in rows]
    met: Met = {row: [*drafting.boosted.get(row, ()), *found.met.get(row, ())] for row in rows}
    return Page(found.ranked, found.total, met), teams


def _admitting(eligibility: Eligibility) -> Callable[[int], bool] | None:
    """Return what lets an item onto the list once: no other variant of the same thing, no category above the cap."""
    catalogue, cap = eligibility.catalogue, eligibility.cap
    if not (cap or catalogue.has_groups):
        return None
    taken = Counter(name for row in eligibility.listed for name in catalogue.categories[row])
    groups = set[int]()

    def admit(row: int) -> bool:
        group = int(catalogue.groups[row]) if catalogue.has_groups else NO_GROUP
        names = catalogue.categories[row] if cap else ()
        if group in groups or any(taken[name] >= cap for name in names):
            return False
        if group != NO_GROUP:
            groups.add(group)
        taken.update(names)
        return True

    return admit


def _of_both(rows: Sequence[int], teams: Sequence[int], first: Ranked, second: Ranked) -> Ranked:
    """Return these rows with the score and source that they have in the ranking whose they are, else in either."""
    places: tuple[Mapping[int, int], Mapping[int, int]] = (_places(first), _places(second))
    items = []
    for row, team in zip(rows, teams, strict=True):
        number = 1 if team == 1 or row not in places[0] else 0
        items.append((first, second)[number].item(places[number][row]))
    if not items:
        return first.take(slice(0, 0))
    _, scores, sources = zip(*items, strict=True)
    return Ranked(np.array(rows, np.int64), np.array(scores, np.float32), np.array(sources, np.uint8))


def _places(ranked: Ranked) -> dict[int, int]:
    return dict(zip(ranked.rows.tolist(), range(len(ranked)), strict=True))
