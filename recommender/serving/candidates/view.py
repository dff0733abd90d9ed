"""The live release laid over the catalogue of this moment, in the catalogue's rows."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from catalog import snapshot
from catalog.snapshot import Snapshot
from recommender.cache import SOURCES
from recommender.engine import ranking
from recommender.engine.algorithms import latest
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.ranking import Top
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask
from recommender.serving.candidates.loaded import LoadedRelease, Member, live
from recsite.platform.exceptions import Explained

LATEST, POPULAR, TRENDING = "latest", "popular", "trending"
FOLD_IN = "fold-in"
"""The source of items that were placed by a person's latest events, rather than by what the training knew of her."""

CONTENT = "content"

IMPERSONAL = (POPULAR, LATEST, TRENDING)


class NoContent(Explained):
    """Nothing in the live release goes by what items are."""


@dataclass(frozen=True, eq=False, slots=True)
class Ranked:
    """Items of the catalogue, best first: rows, scores and positions in SOURCES, all (n,)."""

    rows: NDArray[np.integer]
    scores: FloatArray
    sources: NDArray[np.uint8]

    @classmethod
    def of(cls, top: Top, source: str) -> Self:
        """The first list of a batch."""
        rows, scores = top[0][0], top[1][0]
        there = rows != UNKNOWN
        return cls(rows[there], scores[there], np.full(there.sum(), SOURCES.index(source), np.uint8))

    def __len__(self) -> int:
        return len(self.rows)

    def moved(self, places: IntArray) -> "Ranked":
        """The same items by other rows: `places` has those of the catalogue for the rows of a model."""
        return Ranked(places[self.rows], self.scores, self.sources)

    def only(self, which: Mask | NDArray[np.integer] | slice) -> "Ranked":
        return Ranked(self.rows[which], self.scores[which], self.sources[which])

    def joined(self, other: "Ranked") -> "Ranked":
        """These, then the others. Scores keep their source's scale."""
        return Ranked(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.scores, other.scores]),
            np.concatenate([self.sources, other.sources]),
        )

    def filled_up(self, n: int, other: "Ranked") -> "Ranked":
        """Up to n items: these, then those of the other that are not among them."""
        return self.joined(
            other.only(np.flatnonzero(np.isin(other.rows, self.rows, invert=True))[: max(n - len(self), 0)])
        )


NO_ITEMS = Ranked(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint8))


@dataclass(frozen=True, eq=False, slots=True)
class Pool:
    """Rows of the catalogue that are new, by what had been shown, until a moment of the monotonic clock."""

    rows: IntArray
    shown: Mapping[int, int]
    until: float


@dataclass(frozen=True, eq=False)
class View:
    """Nothing in it changes; another release or another catalogue makes another view."""

    release: LoadedRelease
    catalogue: Snapshot
    variant: str = ""
    """How it differs from the live release, for the keys of what is cached."""
    pools: dict[tuple[int, int], Pool] = field(default_factory=dict)
    _everybody: dict[str, Ranked] = field(default_factory=dict)
    _places: dict[str, IntArray] = field(default_factory=dict)
    _weighed: dict[float, "View"] = field(default_factory=dict)

    def weighed(self, content: float) -> "View":
        """The same, with a hybrid in which content weighs so much of 1, to two digits. Raises NoContent."""
        content = round(content, 2)
        if content not in self._weighed:
            self._weighed[content] = self._with_weight(content)
        return self._weighed[content]

    def _with_weight(self, content: float) -> "View":
        leader = self.release.leader
        if leader is None or not isinstance(leader.model, HybridModel) or CONTENT not in leader.model.sources:
            raise NoContent(
                "The live release is not led by a hybrid with content: train one, or leave the weights out."
            )
        member = replace(leader, model=leader.model.weighed(CONTENT, content))
        release = replace(self.release, members={**self.release.members, leader.algorithm: member}, leader=member)
        return View(release, self.catalogue, f"~{content:.2f}")

    def rows(self, items: Collection[int]) -> IntArray:
        """The catalogue's rows of items by internal id; UNKNOWN for those that are gone."""
        return self.catalogue.rows(np.fromiter(items, np.int64, len(items)))

    def places(self, member: Member) -> IntArray:
        """The catalogue's row of each item of the member's model; UNKNOWN where the item is gone."""
        if member.algorithm not in self._places:
            self._places[member.algorithm] = self.catalogue.rows(member.model.item_ids.ids)
        return self._places[member.algorithm]

    def laid_out(self, member: Member, scores: FloatArray) -> FloatArray:
        """The model's scores (m, its items) over the catalogue's rows (m, n_items); NaN where it can't say."""
        places = self.places(member)
        out = np.full((len(scores), len(self.catalogue)), np.nan, np.float32)
        out[:, places[places != UNKNOWN]] = scores[:, places != UNKNOWN]
        return out

    def everybody(self, first: str = POPULAR) -> Ranked:
        """What somebody without a history gets: all available items, by popularity and then by age, or by age first."""
        if first not in self._everybody:
            order = (self._popular, self._latest) if first == POPULAR else (self._latest, self._popular)
            n = len(self.catalogue)
            self._everybody[first] = order[0].filled_up(n, order[1]).filled_up(n, self._remaining)
        return self._everybody[first]

    @cached_property
    def _popular(self) -> Ranked:
        member = self.release.members.get(POPULAR)
        nobody = np.array([UNKNOWN], np.int32)
        scores = self.laid_out(member, member.model.score(nobody)) if member else self._nothing
        return self._sorted(scores, POPULAR)

    @cached_property
    def _latest(self) -> Ranked:
        return self._sorted(latest.scores(self.catalogue.published, int(time.time()))[None], LATEST)

    @cached_property
    def _remaining(self) -> Ranked:
        """What neither can place, the last that came in first; it has no score."""
        rows = np.flatnonzero(self.catalogue.available)[None, ::-1]
        return Ranked.of((rows.astype(np.int32), self._nothing[:, : rows.size]), LATEST)

    @cached_property
    def _nothing(self) -> FloatArray:
        return np.full((1, len(self.catalogue)), np.nan, np.float32)

    def _sorted(self, scores: FloatArray, source: str) -> Ranked:
        return Ranked.of(ranking.top_n(scores, len(self.catalogue), allowed=self.catalogue.available), source)

    def allowed_in(self, member: Member) -> Mask:
        """Which items of the member's model are available (its items,)."""
        places = self.places(member)
        allowed: Mask = (places != UNKNOWN) & self.catalogue.available[places]
        return allowed


class _Held:
    view: View | None = None


def current_view() -> View:
    """The view of this moment. Raises DatabaseDown where the catalogue was never read and can't be now."""
    release, catalogue, held = live(), snapshot.current(), _Held.view
    if held is None or held.release is not release or held.catalogue is not catalogue:
        held = _Held.view = View(release, catalogue)
    return held
