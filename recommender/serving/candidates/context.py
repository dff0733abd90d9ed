"""Join the live release with the current catalogue: everything a request reads, in the catalogue's rows."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np
from django.conf import settings

from catalog import snapshot
from catalog.snapshot import Snapshot
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.impersonal import ImpersonalModel
from recommender.engine.forms.segments import SegmentModel
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import FloatArray, IntArray, Mask
from recommender.serving.candidates.everybody import LATEST, POPULAR, rank_for_everybody, rows_of_model
from recommender.serving.candidates.loaded_release import LoadedModel, LoadedRelease, live
from recommender.serving.candidates.rankings import Chain, Ranked, marked
from recsite.platform.exceptions import Invalid
from recsite.platform.remembering import remember

TRENDING = "trending"
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
class Pool:
    """Cache the catalogue's new items, the exposures they were chosen by, and the monotonic time it expires."""

    rows: IntArray
    vectors: FloatArray
    """By content (n, d); 0 where none is known."""
    shown: Mapping[int, int]
    n_rows: int
    """The rows of the catalogue then: with new ones it is found anew."""
    until: float


@dataclass(frozen=True, eq=False)
class ServingContext:
    """Hold what requests are answered from. Immutable but for ages: another release or catalogue makes another one."""

    release: LoadedRelease
    catalogue: Snapshot
    variant: str = ""
    """The difference from the live release, as part of cache keys."""
    is_live: bool = True
    """False where another release than the live one makes the lists."""
    is_stored: bool = True
    """False where it is only looked at: no list that is made from it is stored."""
    pools: dict[tuple[int, int], Pool] = field(default_factory=dict)
    derived: dict[type, Any] = field(default_factory=dict)
    """What others find once for this release and catalogue, by its class."""
    windows: dict[tuple[str, int], tuple[ImpersonalModel, Ranked]] = field(default_factory=dict)
    """By source and window in days: the scores, and the ranking by them."""
    kept: dict[tuple[Hashable, ...], Ranked] = field(default_factory=dict)
    """Rankings by models (see `by_model`)."""
    _by_content_weight: dict[float, "ServingContext"] = field(default_factory=dict)
    _list_digests: dict[str, str] = field(default_factory=dict)

    def with_content_weight(self, content: float) -> "ServingContext":
        """Return this context with a hybrid in which content has this share of the weight (0..1, two digits).

        Raises NoContent.
        """
        content = round(content, 2)
        found = self._by_content_weight.get(content) or self._with_weight(content)
        # Clients may ask for any weight, and each context holds arrays of the catalogue.
        remember(self._by_content_weight, content, found, MOST_WEIGHTS)
        return found

    def _with_weight(self, content: float) -> "ServingContext":
        leader = self.release.leader
        if leader is None or not isinstance(leader.model, HybridModel) or CONTENT not in leader.model.sources:
            raise NoContent
        member = replace(leader, model=leader.model.weighed(CONTENT, content))
        release = replace(self.release, members={**self.release.members, leader.algorithm: member}, leader=member)
        return ServingContext(release, self.catalogue, f"{self.variant}~{content:.2f}", self.is_live, self.is_stored)

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
        members, sources, leader = self.release.members, self.release.sources, self.release.leader
        if algorithm in IMPERSONAL or algorithm not in sources:
            return
        yield sources[algorithm]
        # Stated preferences are ranked by what leads, and by segments; new items are placed by content.
        yield from (member for member in members.values() if member is leader or isinstance(member.model, SHAPING))
        # Popular items fill short lists, and the rating model's predictions are stored with users who are folded in.
        yield from (member for member in members.values() if member.algorithm == POPULAR)
        raters = [member for member, _ in self.release.rating_models]
        yield from () if sources[algorithm] in raters else raters[:1]

    def rows(self, items: Collection[int]) -> IntArray:
        """Return the catalogue rows of items by internal id; UNKNOWN for those that are gone."""
        return self.catalogue.rows(np.fromiter(items, np.int64, len(items)))

    def catalogue_rows(self, member: LoadedModel) -> IntArray:
        """Return the catalogue row of each item of the model; UNKNOWN where the item is gone."""
        return rows_of_model(self.catalogue, member)

    def everybody(self, first: str = POPULAR) -> Chain:
        """Rank all items for users without a history: by popularity and then by age, or by age first."""
        return rank_for_everybody(self.catalogue, self.release.members.get(POPULAR), first == POPULAR)

    def allowed_in(self, member: LoadedModel) -> Mask:
        """Mark the items of the model that are available (its items,)."""
        rows = self.catalogue_rows(member)
        return marked(self.catalogue.available, rows)


class _Held:
    """Hold the context of this process, in an instance.

    Another thread can still find the old value of a class attribute while that is being freed, and freeing a release
    lets other threads run: CPython before 3.13 renews its cache of class attributes only then (`type_setattro`).
    """

    context: ServingContext | None = None


_held = _Held()


def current_context() -> ServingContext:
    """Return the current context. Raises DatabaseDown where the catalogue was never read and can't be now."""
    release, catalogue, held = live(), snapshot.current(), _held.context
    if held is None or held.release is not release or held.catalogue.base is not catalogue.base:
        held = _held.context = ServingContext(release, catalogue)
    elif held.catalogue is not catalogue:
        # The rows are the same: what was derived from them stays.
        held = _held.context = replace(held, catalogue=catalogue, _by_content_weight={})
    return held
