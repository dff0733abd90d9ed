"""Lists that start from items instead of a person: what is like one, bought with one, and goes with those just seen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from interactions.schema import new_event_id
from recommender.cache import SOURCES
from recommender.engine.types import UNKNOWN
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import DEFAULT, ListKind
from recommender.serving import candidates
from recommender.serving.answers import Answer, places, show, view_now
from recommender.serving.candidates import POPULAR, Eligibility, Ranked, RatingPredictions, ServingContext
from recommender.serving.reasons import reasons
from recsite.platform.exceptions import Explained

TOGETHER = "bought-together"


class UnknownItem(Explained):
    """The catalogue has no such item."""


@dataclass(frozen=True, slots=True)
class ItemsRequest:
    """What somebody asks for who has nothing but items, by the ids of the outside."""

    items: Sequence[str]
    limit: int = 10
    offset: int = 0
    categories: Collection[str] = ()
    tags: Collection[str] = ()
    item_type: str = ""
    exclude: Collection[str] = ()
    max_per_category: int = 0
    explain: bool = False
    method: str = "hybrid"
    """One of candidates.METHODS, of what is like an item."""
    user_id: str = ""
    """Who is going to see it, where that is known; it changes nothing of the list."""


@dataclass(frozen=True, slots=True)
class Bought:
    """Another item, and the figures by which it goes with one."""

    item_id: str
    title: str
    rank: int
    support: int
    confidence: float
    lift: float
    basis: str
    """`purchases` or `sessions`: whom the figures are of."""


@dataclass(frozen=True, slots=True)
class BoughtTogether:
    recommendation_id: UUID
    items: tuple[Bought, ...]


def similar(request: ItemsRequest) -> Answer:
    """What is most like an item, filled up with what is popular, of its categories first. Raises UnknownItem."""
    view = view_now()
    (row,) = _rows(view, request.items)
    ranked = candidates.rank_similar(view, row, request.method)
    own = view.release.leader.algorithm if view.release.leader else POPULAR
    return _answer(view, ListKind.SIMILAR, own, ranked, _wanted(view, candidates.variants(view, row), request), request)


def session(request: ItemsRequest) -> Answer:
    """What goes with the items that somebody nobody knows has just looked at, the last one most. Raises UnknownItem.

    Items that are unknown here are passed over, unless all are.
    """
    view = view_now()
    known = [row for row in map(view.catalogue.row_of, request.items) if row is not None]
    if not known:
        raise UnknownItem(f"None of these items is in the catalogue: {', '.join(request.items[:5])}.")
    gone_through = candidates.session(view, known)
    algorithm = view.release.leader.algorithm if view.release.leader and gone_through.made_from else POPULAR
    seen = sorted({other for row in known for other in candidates.variants(view, row)})
    wanted = _wanted(view, seen, request)
    return _answer(view, ListKind.SESSION, algorithm, gone_through.ranked, wanted, request, gone_through)


def bought_together(item_id: str, limit: int, min_support: int = candidates.MIN_SUPPORT) -> BoughtTogether:
    """Available items that the same people bought, then those of the same sessions, by lift. Raises UnknownItem."""
    view = view_now()
    (row,) = _rows(view, [item_id])
    found = candidates.bought_together(int(view.catalogue.ids[row]), min_support)
    rows = view.rows([one.item for one in found]).tolist()
    there = [(one, at) for one, at in zip(found, rows, strict=True) if at != UNKNOWN and view.catalogue.available[at]]
    items = tuple(
        Bought(
            view.catalogue.item_ids[at],
            view.catalogue.titles[at],
            rank,
            one.support,
            round(one.confidence, 4),
            round(one.lift, 4),
            one.basis,
        )
        for rank, (one, at) in enumerate(there[:limit], 1)
    )
    made = BoughtTogether(new_event_id(), items)
    _show_together(view, made, [one.item for one, _ in there[:limit]])
    return made


def _show_together(view: ServingContext, made: BoughtTogether, items: Sequence[int]) -> None:
    sources = [SOURCES.index(TOGETHER)] * len(items)
    now, release = datetime.now(UTC), view.release.number
    impressions.record(
        Impression(
            made.recommendation_id, "", ListKind.TOGETHER, DEFAULT, TOGETHER, None, release, "", items, sources, 1, now
        )
    )


def _rows(view: ServingContext, items: Sequence[str]) -> list[int]:
    rows = [view.catalogue.row_of(item_id) for item_id in items]
    for item_id, row in zip(items, rows, strict=True):
        if row is None:
            raise UnknownItem(f"There is no item {item_id!r}.")
    return [row for row in rows if row is not None]


def _wanted(view: ServingContext, seen: Sequence[int], request: ItemsRequest) -> Eligibility:
    matching = view.catalogue.matching(request.categories, request.tags, request.item_type, request.exclude)
    return replace(Eligibility.unseen(view.catalogue, np.array(seen), matching), cap=request.max_per_category)


def _answer(
    view: ServingContext,
    kind: ListKind,
    algorithm: str,
    ranked: Ranked,
    wanted: Eligibility,
    request: ItemsRequest,
    session: candidates.Session | None = None,
) -> Answer:
    found = candidates.paginate(ranked, wanted, request.offset, request.limit)
    unrated = RatingPredictions.nothing(len(found.ranked))
    attributed = session.explain(found.ranked) if session and request.explain else None
    why = reasons(view, found.ranked, unrated, attributed) if request.explain else None
    member = view.release.members.get(algorithm)
    answer = Answer(
        user_id=request.user_id,
        recommendation_id=new_event_id(),
        items=places(view, found.ranked, request.offset + 1, unrated, why),
        algorithm=algorithm,
        model_version=member.version if member else None,
        release=view.release.number,
        placement=DEFAULT,
        cold_start=False,
        cache_hit=False,
        total_available=found.total,
        generated_at=datetime.now(UTC),
    )
    show(view, kind, answer, found.ranked, request.offset + 1)
    return answer
