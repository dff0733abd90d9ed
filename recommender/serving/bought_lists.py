"""Recommend what is bought together with an item, or looked at in the same sessions."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from interactions.schema import new_event_id
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import ListKind
from recommender.serving import candidates, placements, ruling
from recommender.serving.answers import context_for, fields_of
from recommender.serving.asked import asked_of
from recommender.serving.candidates import BOUGHT_TOGETHER, CoOccurrence, Page, Ranked, ServingContext
from recommender.serving.contract import ANY_DIGEST, BoughtItem, BoughtTogether, Request, bought_as_json, digest
from recommender.serving.item_lists import note_time, page_of, rows_of
from recommender.serving.placements import Kind, ServedPlacement, combined
from recommender.serving.reasons import Reason, because
from recsite.platform import lookups


def bought_together(request: Request, placement: ServedPlacement | None = None) -> BoughtTogether:
    """Return items that the same users bought, then those of the same sessions, by lift. Raises UnknownItem."""
    started = time.perf_counter()
    placement = placement or placements.find(request.placement, Kind.BOUGHT_TOGETHER)
    request = combined(placement, request)
    context = context_for(placement, request)
    row, pairs, found = _made(context, placement, request)
    by_item = {pair.item: pair for pair in pairs}
    rows = found.ranked.rows.tolist()
    told = fields_of(context, rows, request.fields) if request.fields else repeat(None)
    start = row if request.explain else None
    items = [
        replace(
            _bought(context, at, rank, by_item[int(context.catalogue.ids[at])], start, fields),
            rules=ruling.told(request, found.met, at),
        )
        for rank, (at, fields) in enumerate(zip(rows, told, strict=False), request.offset + 1)
    ]
    where = placement.name, placement.revision
    answer = BoughtTogether(request.items[0], new_event_id(), tuple(items), *where, found.total)
    is_known = bool(request.known) and bool({ANY_DIGEST, digest(bought_as_json(answer))} & {*request.known})
    if request.is_recorded and not is_known:
        _record(context, placement, request, answer, found.ranked)
    note_time(request, ListKind.BOUGHT_TOGETHER, placement, BOUGHT_TOGETHER, started)
    return answer


def page_bought_together(context: ServingContext, placement: ServedPlacement, request: Request) -> Page:
    """Return the page of a combined request, by what is counted now. It counts nowhere as shown. Raises UnknownItem."""
    return _made(context, placement, request)[2]


def _made(
    context: ServingContext, placement: ServedPlacement, request: Request
) -> tuple[int, Sequence[CoOccurrence], Page]:
    """Return the row of the item that the list starts from, what goes together with it, and the page."""
    (row,) = rows_of(context, request.items)
    pairs = candidates.bought_together(int(context.catalogue.ids[row]), request.min_support)
    ranked = candidates.by_lift(context, pairs)
    return row, pairs, page_of(context, placement, BOUGHT_TOGETHER, ranked, [row], request, ranked.rows.tolist())


def _bought(
    context: ServingContext,
    row: int,
    rank: int,
    pair: CoOccurrence,
    start: int | None,
    fields: Mapping[str, Any] | None,
) -> BoughtItem:
    """Return an item of the list; with the reason where the row of the item that the list starts from is given."""
    return BoughtItem(
        context.catalogue.item_ids[row],
        context.catalogue.titles[row],
        rank,
        pair.support,
        round(pair.confidence, 4),
        round(pair.lift, 4),
        pair.basis,
        None if start is None else Reason(_together(context, start, pair), (because(context, start),)),
        fields,
    )


def _together(context: ServingContext, start: int, pair: CoOccurrence) -> str:
    what = "bought with" if pair.basis == candidates.PURCHASES else "looked at with"
    return f"It is often {what} “{context.catalogue.titles[start]}”."


def _record(
    context: ServingContext, placement: ServedPlacement, request: Request, answer: BoughtTogether, ranked: Ranked
) -> None:
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
            request.offset + 1,
            datetime.now(UTC),
            answer.placement_revision,
            asked=asked_of(request, placement),
        )
    )
