"""Make what all lists have in common: their context, the eligibility of items, and the answer."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from catalog.expressions import Context, Expression
from catalog.snapshot import NO_DATE, Snapshot, price_of
from interactions.schema import new_event_id
from recommender.cache import SOURCES
from recommender.engine.types import HALF_INTERVAL, IntArray
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import ListKind
from recommender.serving import filtering
from recommender.serving.candidates import (
    CONTENT,
    FOLD_IN,
    IMPERSONAL,
    LATEST,
    STATED_PREFERENCES,
    Eligibility,
    NoContent,
    Ranked,
    RatingPredictions,
    ServingContext,
    UnknownRelease,
    context_of_release,
    context_of_variant,
    context_of_version,
    current_context,
)
from recommender.serving.candidates.rankings import NO_ITEMS
from recommender.serving.contract import ANY_DIGEST, Answer, ListedItem, MetRule, Request, as_public_json, digest
from recommender.serving.filtering import NOTHING_KNOWN
from recommender.serving.leading import is_misled
from recommender.serving.placements import ServedPlacement
from recommender.serving.randomising import Drawn
from recommender.serving.reasons import Reason
from recsite.platform import lookups
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable

logger = logging.getLogger(__name__)
DIGITS = 4


class ServingUnavailable(Unavailable):
    """Report that this process can't answer yet: it never read the catalogue, and the database is gone."""


def context_for(placement: ServedPlacement, request: Request) -> ServingContext:
    """Return the catalogue of this moment and the release, the live one or that of the request, with its weights.

    Those of the request, else of the placement or the settings, if the leading hybrid makes the list. Raises
    NoContent where the request's weights can't be applied, UnknownRelease where that of the request can't be loaded,
    and ServingUnavailable.
    """
    context = _context_now(request, placement.release)
    if request.content_weight is not None:
        return context.with_content_weight(request.content_weight)
    leader, weight = context.release.leader, placement.content_weight
    led_by = request.algorithm or placement.settings.algorithm
    if weight is not None and leader and led_by in (None, leader.algorithm):
        with suppress(NoContent):
            return context.with_content_weight(weight)
    return context


def seen_in(placement: ServedPlacement, request: Request) -> tuple[ServedPlacement, ServingContext]:
    """Return the placement as it is shown, and its context, as `context_for` does.

    Where the release of an experiment's variant can't be loaded any more, or what leads it has left the live one, its
    users get what is live, as no variant.
    """
    if placement.release:
        try:
            return placement, context_for(placement, request)
        except UnknownRelease as gone:
            logger.warning("The variant %s shows what is live: %s", placement.variant, gone.sentence)
            placement = placement.without_variant()
    context = context_for(placement, request)
    if is_misled(placement, context):
        placement = placement.without_variant()
        context = context_for(placement, request)
    return placement, context


def _context_now(request: Request, of_variant: int) -> ServingContext:
    """Return the context that the request names, else that of an experiment's variant, else the live one."""
    try:
        if request.model:
            return context_of_version(request.model)
        if request.release:
            return context_of_release(request.release)
        return context_of_variant(of_variant) if of_variant else current_context()
    except DatabaseDown as down:
        raise ServingUnavailable("Recommendations are not available yet. Try again in a few seconds.") from down


def eligible(
    context: ServingContext,
    request: Request,
    seen: IntArray,
    algorithm: str,
    new: Ranked = NO_ITEMS,
    new_share: float = 0.0,
    known: Context = NOTHING_KNOWN,
    unblocked: Expression | None = None,
) -> Eligibility:
    """Return which items a list that `algorithm` leads may hold: none at the rows `seen` of the catalogue (n,).

    `new` items get a share of the positions. `known` is what the filter expression asks for beside the items.
    `unblocked` is true of what no rule blocks.
    """
    catalogue = context.catalogue
    matching = filtering.matching(catalogue, request, algorithm == LATEST, known, unblocked)
    exclude = [row for row in map(catalogue.row_of, request.exclude) if row is not None]
    return Eligibility.unseen(
        catalogue,
        seen,
        matching,
        exclude,
        min_score=request.min_score,
        scored_by=() if request.min_score is None else _scored_by(algorithm),
        cap=request.max_per_category,
        window_days=request.window_days,
        new=new,
        new_share=new_share,
    )


def _scored_by(algorithm: str) -> tuple[int, ...]:
    """Return the sources that lead the list: a least score is on their scale."""
    sources = (algorithm,) if algorithm in IMPERSONAL else (algorithm, FOLD_IN, CONTENT, STATED_PREFERENCES)
    return tuple(map(SOURCES.index, sources))


def answer_with(
    context: ServingContext,
    placement: ServedPlacement,
    request: Request,
    algorithm: str,
    items: tuple[ListedItem, ...],
    total: int,
    *,
    user_id: str = "",
    cold_start: bool = False,
    cache_hit: bool = False,
) -> Answer:
    """Return the answer that says by what, when and under which release its items were found."""
    member = context.release.sources.get(algorithm)
    return Answer(
        user_id=user_id or request.user_id,
        recommendation_id=new_event_id(),
        items=items,
        algorithm=algorithm,
        model_version=member.version if member else None,
        release=context.release.number,
        placement=placement.name,
        placement_revision=placement.revision,
        cold_start=cold_start,
        cache_hit=cache_hit,
        total_available=total,
        generated_at=datetime.now(UTC),
        variant=placement.variant or None,
    )


def listed_items(
    context: ServingContext,
    ranked: Ranked,
    first_rank: int,
    rated: RatingPredictions,
    why: Sequence[Reason] | None = None,
    fields: Sequence[str] = (),
    met: Sequence[tuple[MetRule, ...]] = (),
) -> tuple[ListedItem, ...]:
    """Return the items of a page whose first one has `first_rank`."""
    return listed_pages(context, [ranked], first_rank, [rated], None if why is None else [why], fields, [met])[0]


def listed_pages(
    context: ServingContext,
    pages: Sequence[Ranked],
    first_rank: int,
    rated: Sequence[RatingPredictions],
    why: Sequence[Sequence[Reason]] | None = None,
    fields: Sequence[str] = (),
    met: Sequence[Sequence[tuple[MetRule, ...]]] = (),
) -> list[tuple[ListedItem, ...]]:
    """Return the items of pages of many lists, each from `first_rank` on: together they take a third of the time."""
    ranked, predicted = Ranked.joined(pages), RatingPredictions.joined(rated)
    rows = ranked.rows.tolist()
    ids: Callable[[int], str] = context.catalogue.item_ids.__getitem__
    titles: Callable[[int], str] = context.catalogue.titles.__getitem__
    if len(pages) > 1:
        # The lists of many users have many items in common.
        ids, titles = cache(ids), cache(titles)
    columns = (
        map(ids, rows),
        map(titles, rows),
        chain.from_iterable(range(first_rank, first_rank + len(page)) for page in pages),
        *_numbers(context, ranked, predicted),
        map(SOURCES.__getitem__, ranked.sources.tolist()),
        repeat(None, len(rows)) if why is None else chain.from_iterable(why),
        fields_of(context, rows, fields) if fields else repeat(None, len(rows)),
        chain.from_iterable(met) if any(met) else repeat((), len(rows)),
    )
    items = map(ListedItem._make, zip(*columns, strict=True))
    return [tuple(islice(items, len(page))) for page in pages]


def fields_of(context: ServingContext, rows: Sequence[int], names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Yield what the catalogue in memory holds of items, by the names of `contract.FIELDS`."""
    readers = [(name, FIELD_READERS[name]) for name in names]
    return ({name: read(context.catalogue, row) for name, read in readers} for row in rows)


def _published_at(catalogue: Snapshot, row: int) -> str | None:
    seconds = int(catalogue.published[row])
    return None if seconds == NO_DATE else datetime.fromtimestamp(seconds, UTC).isoformat()


FIELD_READERS: Mapping[str, Callable[[Snapshot, int], Any]] = {
    "item_type": lambda catalogue, row: catalogue.item_types[row],
    "categories": lambda catalogue, row: catalogue.categories[row],
    "tags": lambda catalogue, row: catalogue.tags[row],
    "creator": lambda catalogue, row: catalogue.creators[row],
    "group": lambda catalogue, row: catalogue.group_names[row],
    "published_at": _published_at,
    "price": price_of,
}


def is_known(request: Request, answer: Answer) -> bool:
    """Tell whether the client has this list already, so that it is not shown anew."""
    return bool(request.known) and (ANY_DIGEST in request.known or digest(as_public_json(answer)) in request.known)


def impression_of(
    context: ServingContext,
    kind: ListKind,
    answer: Answer,
    ranked: Ranked,
    first_rank: int,
    asked: str,
    drawn: Drawn | None = None,
    teams: str = "",
) -> Impression:
    """Return the record that a user is shown an answer whose first item has `first_rank`.

    `asked` is what the request asked beside its placement: see `asked.asked_of`.
    """
    return Impression(
        answer.recommendation_id,
        answer.user_id,
        kind,
        answer.placement,
        answer.algorithm,
        answer.model_version,
        answer.release,
        answer.variant or "",
        context.catalogue.ids[ranked.rows].tolist(),
        ranked.sources.tolist(),
        first_rank,
        answer.generated_at,
        answer.placement_revision,
        teams,
        asked,
        *(drawn or ()),
    )


def record(shown: Impression | None) -> None:
    """Record that a list is shown; what staff look up is shown to none."""
    if shown and not lookups.is_by_staff():
        impressions.record(shown)


def _numbers(context: ServingContext, ranked: Ranked, rated: RatingPredictions) -> tuple[Sequence[Any], ...]:
    """Return scores, ratings and their deviations, rounded, and the 95 % intervals, cut to the scale of ratings.

    NaN, which differs from itself, becomes None. Together they take a few steps of NumPy, for one page or a hundred.
    """
    half = HALF_INTERVAL * rated.deviations
    both = np.clip((rated.values - half, rated.values + half), *context.release.scale)
    table = np.array((ranked.scores, rated.values, rated.deviations, *both), np.float64).round(DIGITS)
    scores, values, deviations, low, high = ([None if one != one else one for one in row] for row in table.tolist())
    intervals = [None if start is None else (start, end) for start, end in zip(low, high, strict=True)]
    return scores, values, deviations, intervals
