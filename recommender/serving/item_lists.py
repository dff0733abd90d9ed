"""Recommend by items instead of a user: similar to one, or for an anonymous session."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from recommender.cache import SOURCES
from recommender.engine.forms.hybrid import is_personal
from recommender.insight import impressions
from recommender.models import ListKind
from recommender.serving import candidates, experiments, failures, filtering, placements, ruling, shadows
from recommender.serving.answers import (
    answer_with,
    eligible,
    impression_of,
    is_known,
    listed_items,
    record,
)
from recommender.serving.asked import asked_of
from recommender.serving.candidates import (
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
    Request,
    UnknownAlgorithm,
    UnknownItem,
)
from recommender.serving.placements import Kind, ServedPlacement, combined
from recommender.serving.reasons import NOT_PERSONAL, Reason, because, reasons
from recsite.platform import lookups


def similar(request: Request, placement: ServedPlacement | None = None) -> Answer:
    """Return the items most similar to one, then popular ones, those of its categories first. Raises UnknownItem.

    `placement` is given for a preview, whose settings are not published.
    """
    placement = placement or _found(request, Kind.SIMILAR)
    with failures.noted(request, placement):
        return _similar(request, placement)


def _similar(request: Request, placement: ServedPlacement) -> Answer:
    started = time.perf_counter()
    placement, context = failures.seen_in_or_noted(request, placement)
    plain, request = request, combined(placement, request)
    algorithm, row, ranked = _ranked_similar(context, placement, request)
    why = partial(_why_similar, context, row)
    answer = _answer(context, placement, ListKind.SIMILAR, algorithm, ranked, [row], request, why, started)
    _offer(similar, plain, placement, answer, started)
    return answer


def _ranked_similar(context: ServingContext, placement: ServedPlacement, request: Request) -> tuple[str, int, Chain]:
    (row,) = rows_of(context, request.items)
    leader = _leader(context, request, placement)
    ranked = candidates.rank_similar(context, row, request.method, leader, placement.settings.fallbacks)
    return leader.algorithm if leader else POPULAR, row, ranked


def session(request: Request, placement: ServedPlacement | None = None) -> Answer:
    """Recommend for an anonymous session, weighting the items viewed by recency.

    Items that the catalogue doesn't have are ignored. Raises UnknownItem where it has none of them.
    """
    placement = placement or _found(request, Kind.SESSION)
    with failures.noted(request, placement):
        return _session(request, placement)


def _session(request: Request, placement: ServedPlacement) -> Answer:
    started = time.perf_counter()
    placement, context = failures.seen_in_or_noted(request, placement)
    plain, request = request, combined(placement, request)
    algorithm, known, made = _ranked_session(context, placement, request)
    why = partial(_why, context, made)
    answer = _answer(context, placement, ListKind.SESSION, algorithm, made.ranked, known, request, why, started)
    _offer(session, plain, placement, answer, started)
    return answer


def _ranked_session(
    context: ServingContext, placement: ServedPlacement, request: Request
) -> tuple[str, list[int], candidates.Session]:
    known = [row for row in map(context.catalogue.row_of, request.items) if row is not None]
    if not known:
        raise UnknownItem(f"None of these items is in the catalogue: {', '.join(request.items[:5])}.")
    leader = _leader(context, request, placement)
    made = candidates.session(context, known, leader, fallbacks=placement.settings.fallbacks)
    return leader.algorithm if leader and made.made_from else POPULAR, known, made


def page_by_items(context: ServingContext, placement: ServedPlacement, request: Request, is_session: bool) -> Page:
    """Return the page of a combined request that starts from a session, or from one item, out of any context.

    It counts nowhere as shown. Raises UnknownItem, UnknownAlgorithm.
    """
    if is_session:
        algorithm, seen, made = _ranked_session(context, placement, request)
        return page_of(context, placement, algorithm, made.ranked, seen, request)
    algorithm, row, ranked = _ranked_similar(context, placement, request)
    return page_of(context, placement, algorithm, ranked, [row], request)


def _found(request: Request, kind: str) -> ServedPlacement:
    """Return the placement as whoever is named sees it."""
    return experiments.placement_for(placements.find(request.placement, kind), request, request.user_id)


def _why_similar(context: ServingContext, row: int, ranked: Ranked) -> list[Reason]:
    """Return why items are on a list of those similar to one: they are like it, or fill the list."""
    like = Reason(f"It is like “{context.catalogue.titles[row]}”.", (because(context, row),))
    fills = reasons(context, ranked, RatingPredictions.nothing(len(ranked)), None)
    return [
        why if SOURCES[source] in NOT_PERSONAL else like
        for source, why in zip(ranked.sources.tolist(), fills, strict=True)
    ]


def _why(context: ServingContext, session: candidates.Session, ranked: Ranked) -> list[Reason]:
    return reasons(context, ranked, RatingPredictions.nothing(len(ranked)), session.explain(ranked))


def _leader(context: ServingContext, request: Request, placement: ServedPlacement) -> LoadedModel | None:
    """Return the model that is to lead a list made from items; None where none is live. Raises UnknownAlgorithm.

    It is the request's, else the placement's where the live release has it, else what the release leads with.
    """
    known = {key: member for key, member in context.release.sources.items() if is_personal(member.model)}
    name = request.algorithm
    if name and name not in known:
        raise UnknownAlgorithm(name, known, request.release)
    return known.get(name or placement.settings.algorithm or "", context.release.leader)


def rows_of(context: ServingContext, items: Sequence[str]) -> list[int]:
    """Return the row of each item in the catalogue. Raises UnknownItem."""
    rows = [context.catalogue.row_of(item_id) for item_id in items]
    for item_id, row in zip(items, rows, strict=True):
        if row is None:
            raise UnknownItem(f"There is no item {item_id!r}.")
    return [row for row in rows if row is not None]


def page_of(
    context: ServingContext,
    placement: ServedPlacement,
    algorithm: str,
    ranked: Ranked | Chain,
    seen: Sequence[int],
    request: Request,
    listable: Sequence[int] | None = None,
) -> Page:
    """Cut the page; rules pin none but the rows `listable`, where the list can't hold others."""
    known = filtering.context_of_viewed(context.catalogue, request, placement.settings.new_for_days, seen[-1])
    unblocked, effects = ruling.acting(context.catalogue, request, known, listable)
    eligibility = eligible(context, request, np.array(seen), algorithm, known=known, unblocked=unblocked)
    asks = request.offset, request.limit, request.diversity or 0.0
    return candidates.page_of(context, ranked, eligibility, *asks, effects)


def _answer(
    context: ServingContext,
    placement: ServedPlacement,
    kind: ListKind,
    algorithm: str,
    ranked: Ranked | Chain,
    seen: Sequence[int],
    request: Request,
    explain: Callable[[Ranked], list[Reason]],
    started: float,
) -> Answer:
    found = page_of(context, placement, algorithm, ranked, seen, request)
    unrated = RatingPredictions.nothing(len(found.ranked))
    why = explain(found.ranked) if request.explain else None
    met = [ruling.told(request, found.met, row) for row in found.ranked.rows.tolist()] if request.rules else ()
    items = listed_items(context, found.ranked, request.offset + 1, unrated, why, request.fields, met)
    answer = answer_with(context, placement, request, algorithm, items, found.total)
    if request.is_recorded and not is_known(request, answer):
        record(impression_of(context, kind, answer, found.ranked, request.offset + 1, asked_of(request, placement)))
    note_time(request, kind, placement, algorithm, started)
    return answer


def _offer(make: shadows.Make, request: Request, placement: ServedPlacement, answer: Answer, started: float) -> None:
    if request.is_recorded and not lookups.is_by_staff():
        shadows.offer(make, request, placement, [answer], time.perf_counter() - started)


def note_time(request: Request, kind: ListKind, placement: ServedPlacement, algorithm: str, started: float) -> None:
    """Note how long an answer took; such a list comes from no cache. What staff look up is no request of a user's."""
    if request.is_recorded and not lookups.is_by_staff():
        seconds = time.perf_counter() - started
        impressions.note_time(kind, placement.name, algorithm, False, seconds, placement.variant)
