"""Recommend by items instead of a user: similar to one, bought together with one, or for an anonymous session."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from interactions.schema import new_event_id
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import DEFAULT, ListKind
from recommender.serving import candidates, placements
from recommender.serving.answers import answer_with, context_for, eligible, listed_items, record_impression
from recommender.serving.candidates import (
    BOUGHT_TOGETHER,
    IMPERSONAL,
    POPULAR,
    Chain,
    LoadedModel,
    Page,
    Ranked,
    RatingPredictions,
    ServingContext,
)
from recommender.serving.contract import (
    Answer,
    BoughtItem,
    BoughtTogether,
    Request,
    UnknownAlgorithm,
    UnknownItem,
)
from recommender.serving.reasons import reasons
from recsite.platform import lookups


def similar(request: Request) -> Answer:
    """Return the items most similar to one, then popular ones, those of its categories first. Raises UnknownItem."""
    context = context_for(placements.named(request.placement), request)
    (row,) = _rows(context, request.items)
    leader = _leader(context, request.algorithm)
    ranked = candidates.rank_similar(context, row, request.method, leader)
    return _answer(context, ListKind.SIMILAR, leader.algorithm if leader else POPULAR, ranked, [row], request)


def session(request: Request) -> Answer:
    """Recommend for an anonymous session, weighting the items viewed by recency.

    Items that the catalogue doesn't have are ignored. Raises UnknownItem where it has none of them.
    """
    context = context_for(placements.named(request.placement), request)
    known = [row for row in map(context.catalogue.row_of, request.items) if row is not None]
    if not known:
        raise UnknownItem(f"None of these items is in the catalogue: {', '.join(request.items[:5])}.")
    leader = _leader(context, request.algorithm)
    made = candidates.session(context, known, leader)
    algorithm = leader.algorithm if leader and made.made_from else POPULAR
    return _answer(context, ListKind.SESSION, algorithm, made.ranked, known, request, made)


def bought_together(request: Request) -> BoughtTogether:
    """Return items that the same users bought, then those of the same sessions, by lift. Raises UnknownItem."""
    context = context_for(placements.named(request.placement), request)
    (row,) = _rows(context, request.items)
    pairs = candidates.bought_together(int(context.catalogue.ids[row]), request.min_support)
    ranked = candidates.by_lift(context, pairs)
    found = _page(context, BOUGHT_TOGETHER, ranked, [row], request)
    by_item = {pair.item: pair for pair in pairs}
    items = [
        _bought(context, at, rank, by_item[int(context.catalogue.ids[at])])
        for rank, at in enumerate(found.ranked.rows.tolist(), request.offset + 1)
    ]
    placement = request.placement or DEFAULT
    answer = BoughtTogether(request.items[0], new_event_id(), tuple(items), placement, found.total)
    _record_bought(context, answer, found.ranked, request.offset + 1)
    return answer


def _bought(context: ServingContext, row: int, rank: int, pair: candidates.CoOccurrence) -> BoughtItem:
    return BoughtItem(
        context.catalogue.item_ids[row],
        context.catalogue.titles[row],
        rank,
        pair.support,
        round(pair.confidence, 4),
        round(pair.lift, 4),
        pair.basis,
    )


def _record_bought(context: ServingContext, answer: BoughtTogether, ranked: Ranked, first_rank: int) -> None:
    if lookups.is_by_staff():
        return
    impressions.record(
        Impression(
            answer.recommendation_id,
            "",
            ListKind.BOUGHT_TOGETHER,
            answer.placement,
            BOUGHT_TOGETHER,
            None,
            context.release.number,
            "",
            context.catalogue.ids[ranked.rows].tolist(),
            ranked.sources.tolist(),
            first_rank,
            datetime.now(UTC),
        )
    )


def _leader(context: ServingContext, name: str) -> LoadedModel | None:
    """Return the model that is to lead a list made from items; None where none is live. Raises UnknownAlgorithm."""
    if not name:
        return context.release.leader
    known = {key: member for key, member in context.release.members.items() if key not in IMPERSONAL}
    if name not in known:
        raise UnknownAlgorithm(name, known)
    return known[name]


def _rows(context: ServingContext, items: Sequence[str]) -> list[int]:
    rows = [context.catalogue.row_of(item_id) for item_id in items]
    for item_id, row in zip(items, rows, strict=True):
        if row is None:
            raise UnknownItem(f"There is no item {item_id!r}.")
    return [row for row in rows if row is not None]


def _page(
    context: ServingContext, algorithm: str, ranked: Ranked | Chain, seen: Sequence[int], request: Request
) -> Page:
    eligibility = eligible(context, request, np.array(seen), algorithm)
    return candidates.page_of(context, ranked, eligibility, request.offset, request.limit, request.diversity)


def _answer(
    context: ServingContext,
    kind: ListKind,
    algorithm: str,
    ranked: Ranked | Chain,
    seen: Sequence[int],
    request: Request,
    session: candidates.Session | None = None,
) -> Answer:
    found = _page(context, algorithm, ranked, seen, request)
    unrated = RatingPredictions.nothing(len(found.ranked))
    attributed = session.explain(found.ranked) if session and request.explain else None
    why = reasons(context, found.ranked, unrated, attributed) if request.explain else None
    items = listed_items(context, found.ranked, request.offset + 1, unrated, why)
    answer = answer_with(context, request, algorithm, items, found.total)
    record_impression(context, kind, answer, found.ranked, request.offset + 1)
    return answer
