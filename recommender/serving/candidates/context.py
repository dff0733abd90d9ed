"""Join the live release with the current catalogue: everything a request reads, in the catalogue's rows."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, Self

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from catalog import snapshot
from catalog.snapshot import Snapshot
from recommender.cache import SOURCES
from recommender.engine import ranking
from recommender.engine.algorithms import latest
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.ranking import Top
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask
from recommender.serving.candidates.loaded_release import LoadedModel, LoadedRelease, live
from recsite.platform.exceptions import Invalid

LATEST, POPULAR, TRENDING = "latest", "popular", "trending"
FOLD_IN = "fold-in"
"""The source of items ranked by a user's latest events, folded into the model, rather than by its trained row."""

CONTENT = "content"

IMPERSONAL = (POPULAR, LATEST, TRENDING)

SHAPING = (HybridModel, SegmentModel, VectorModel)
"""Forms of models that have a part in the candidates of other algorithms."""

MOST_WEIGHTS = 8
"""Contexts with a content weight of a request's own that a process keeps, the last used ones."""


class NoContent(Invalid):
    """Refuse a content weight: no model of the live release uses the items' content."""

    def __init__(self) -> None:
        sentence = "The live release is not led by a hybrid with content: train one, or leave the weights out."
        super().__init__({"content_weight": sentence})


@dataclass(frozen=True, eq=False, slots=True)
class Ranked:
    """Rank items of the catalogue, best first: rows, scores and positions in SOURCES, all (n,)."""

    rows: NDArray[np.integer]
    scores: FloatArray
    sources: NDArray[np.uint8]

    @classmethod
    def of(cls, top: Top, source: str) -> Self:
        """Build the ranking of the first list of a batch."""
        rows, scores = top[0][0], top[1][0]
        there = rows != UNKNOWN
        return cls(rows[there], scores[there], np.full(there.sum(), SOURCES.index(source), np.uint8))

    def __len__(self) -> int:
        return len(self.rows)

    def reindex(self, rows: IntArray) -> "Ranked":
        """Return the same items by other rows; `rows` maps a model's rows to the catalogue's."""
        return Ranked(rows[self.rows], self.scores, self.sources)

    def take(self, which: Mask | NDArray[np.integer] | slice) -> "Ranked":
        return Ranked(self.rows[which], self.scores[which], self.sources[which])

    def concat(self, other: "Ranked") -> "Ranked":
        """Append the other ranking. Scores keep the scale of their source."""
        return Ranked.joined((self, other))

    @classmethod
    def joined(cls, parts: Sequence["Ranked"]) -> "Ranked":
        """Return the parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        rows, scores, sources = zip(*((part.rows, part.scores, part.sources) for part in parts), strict=True)
        return cls(np.concatenate(rows), np.concatenate(scores), np.concatenate(sources))

    def extend_to(self, n: int, other: "Ranked") -> "Ranked":
        """Extend to n items with those of the other ranking that are not in this one."""
        return self.concat(
            other.take(np.flatnonzero(np.isin(other.rows, self.rows, invert=True))[: max(n - len(self), 0)])
        )


NO_ITEMS = Ranked(np.empty(0, np.int32), np.empty(0, np.float32), np.empty(0, np.uint8))


@dataclass(frozen=True, eq=False, slots=True)
class Pool:
    """Cache the catalogue's new items, the exposures they were chosen by, and the monotonic time it expires."""

    rows: IntArray
    vectors: FloatArray
    """By content (n, d); 0 where none is known."""
    shown: Mapping[int, int]
    until: float


LATEST_SECS = 60.0
"""How long the order by age holds: items are published, and all grow older, while the catalogue stays the same."""


@dataclass(frozen=True, eq=False)
class ServingContext:
    """Hold what requests are answered from. Immutable but for ages: another release or catalogue makes another one."""

    release: LoadedRelease
    catalogue: Snapshot
    variant: str = ""
    """The difference from the live release, as part of cache keys."""
    pools: dict[tuple[int, int], Pool] = field(default_factory=dict)
    derived: dict[type, Any] = field(default_factory=dict)
    """What others find once for this release and catalogue, by its class."""
    _everybody: dict[str, tuple[float, Ranked]] = field(default_factory=dict)
    """By what comes first: until when (monotonic clock) the ranking holds, and the ranking."""
    _catalogue_rows: dict[str, IntArray] = field(default_factory=dict)
    _by_content_weight: dict[float, "ServingContext"] = field(default_factory=dict)
    _list_digests: dict[str, str] = field(default_factory=dict)

    def with_content_weight(self, content: float) -> "ServingContext":
        """Return this context with a hybrid in which content has this share of the weight (0..1, two digits).

        Raises NoContent.
        """
        content = round(content, 2)
        found = self._by_content_weight.pop(content, None) or self._with_weight(content)
        # The last used are at the end: clients may ask for any weight, and each context holds arrays of the catalogue.
        self._by_content_weight[content] = found
        while len(self._by_content_weight) > MOST_WEIGHTS:
            self._by_content_weight.pop(next(iter(self._by_content_weight)), None)
        return found

    def _with_weight(self, content: float) -> "ServingContext":
        leader = self.release.leader
        if leader is None or not isinstance(leader.model, HybridModel) or CONTENT not in leader.model.sources:
            raise NoContent
        member = replace(leader, model=leader.model.weighed(CONTENT, content))
        release = replace(self.release, members={**self.release.members, leader.algorithm: member}, leader=member)
        return ServingContext(release, self.catalogue, f"~{content:.2f}")

    def list_digest(self, algorithm: str) -> str:
        """Return a short digest of everything that shapes the stored candidates of `algorithm`.

        Equal digests, equal candidates: a release that changes other models finds the candidates of before. A content
        weight (`variant`) is no part of it.
        """
        if algorithm not in self._list_digests:
            versions = {member.algorithm: member.version for member in self._shaping(algorithm)}
            text = repr((settings.CANDIDATE_COUNT, sorted(versions.items())))
            self._list_digests[algorithm] = blake2b(text.encode(), digest_size=6).hexdigest()
        return self._list_digests[algorithm]

    def _shaping(self, algorithm: str) -> Iterator[LoadedModel]:
        """Yield the models that shape the candidates of `algorithm`, some of them twice."""
        members, leader = self.release.members, self.release.leader
        if algorithm in IMPERSONAL or algorithm not in members:
            return
        yield members[algorithm]
        # Stated preferences are ranked by what leads, and by segments; new items are placed by content.
        yield from (member for member in members.values() if member is leader or isinstance(member.model, SHAPING))
        # Popular items fill short lists, and the rating model's predictions are stored with users who are folded in.
        yield from (member for member in members.values() if member.algorithm == POPULAR)
        raters = [member for member, _ in self.release.rating_models]
        yield from () if members[algorithm] in raters else raters[:1]

    def rows(self, items: Collection[int]) -> IntArray:
        """Return the catalogue rows of items by internal id; UNKNOWN for those that are gone."""
        return self.catalogue.rows(np.fromiter(items, np.int64, len(items)))

    def catalogue_rows(self, member: LoadedModel) -> IntArray:
        """Return the catalogue row of each item of the model; UNKNOWN where the item is gone."""
        if member.algorithm not in self._catalogue_rows:
            self._catalogue_rows[member.algorithm] = self.catalogue.rows(member.model.item_ids.ids)
        return self._catalogue_rows[member.algorithm]

    def to_catalogue(self, member: LoadedModel, scores: FloatArray) -> FloatArray:
        """Move a model's scores (m, its items) to the catalogue's rows (m, n_items); NaN where it can't say."""
        rows = self.catalogue_rows(member)
        out = np.full((len(scores), len(self.catalogue)), np.nan, np.float32)
        out[:, rows[rows != UNKNOWN]] = scores[:, rows != UNKNOWN]
        return out

    def everybody(self, first: str = POPULAR) -> Ranked:
        """Rank all available items for users without a history: by popularity and then by age, or by age first."""
        until, held = self._everybody.get(first, (0.0, NO_ITEMS))
        if time.monotonic() >= until:
            by_age = self._latest()
            order = (self._popular, by_age) if first == POPULAR else (by_age, self._popular)
            n = len(self.catalogue)
            held = order[0].extend_to(n, order[1]).extend_to(n, self._remaining)
            self._everybody[first] = time.monotonic() + LATEST_SECS, held
        return held

    @cached_property
    def _popular(self) -> Ranked:
        member = self.release.members.get(POPULAR)
        nobody = np.array([UNKNOWN], np.int32)
        scores = self.to_catalogue(member, member.model.score(nobody)) if member else self._nothing
        return self._sorted(scores, POPULAR)

    def _latest(self) -> Ranked:
        return self._sorted(latest.scores(self.catalogue.published, int(time.time()))[None], LATEST)

    @cached_property
    def _remaining(self) -> Ranked:
        """Rank what neither source can place, the latest addition first, without scores."""
        rows = np.flatnonzero(self.catalogue.available)[None, ::-1]
        return Ranked.of((rows.astype(np.int32), self._nothing[:, : rows.size]), LATEST)

    @cached_property
    def _nothing(self) -> FloatArray:
        return np.full((1, len(self.catalogue)), np.nan, np.float32)

    def _sorted(self, scores: FloatArray, source: str) -> Ranked:
        return Ranked.of(ranking.top_n(scores, len(self.catalogue), allowed=self.catalogue.available), source)

    def allowed_in(self, member: LoadedModel) -> Mask:
        """Mark the items of the model that are available (its items,)."""
        rows = self.catalogue_rows(member)
        allowed: Mask = (rows != UNKNOWN) & self.catalogue.available[rows]
        return allowed


class _Held:
    context: ServingContext | None = None


def current_context() -> ServingContext:
    """Return the current context. Raises DatabaseDown where the catalogue was never read and can't be now."""
    release, catalogue, held = live(), snapshot.current(), _Held.context
    if held is None or held.release is not release or held.catalogue is not catalogue:
        held = _Held.context = ServingContext(release, catalogue)
    return held
