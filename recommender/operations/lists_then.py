"""Make the list that a user got at a moment, or would have got, from the events that had come in by then."""

from collections.abc import Callable, Sequence

import numpy as np
from django.conf import settings

from recommender.cache import NOBODY, SOURCES, Candidates
from recommender.dataset import RecentEvents, microseconds_of
from recommender.engine.types import IntArray
from recommender.merchandising import ListSettings
from recommender.models import ListImpression, PlacementRevision
from recommender.serving import drafting, experiments, filtering, randomising, ruling
from recommender.serving.answers import eligible
from recommender.serving.asked import request_of
from recommender.serving.candidates import (
    EXPLORATION,
    IMPERSONAL,
    Eligibility,
    Ranked,
    ServingContext,
    Side,
    UserCandidates,
    context_of_release,
    interleaved_page,
    user_page,
    user_ranking,
)
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.rankings import NO_ITEMS
from recommender.serving.contract import Request
from recommender.serving.leading import asked_to_lead, for_everybody
from recommender.serving.placements import ServedPlacement, combined
from recommender.serving.user_lists import UserPage
from recsite.platform.exceptions import UserFacingError

Read = Callable[[IntArray, RecentEvents], UserHistories]


def placement_then(shown: ListImpression) -> ServedPlacement:
    """Return the placement with the revision by which the list was made; usual settings where it had none."""
    number = shown.placement_revision
    found = PlacementRevision.objects.filter(placement__name=shown.placement, number=number or 0).first()
    if found is None:
        return ServedPlacement(shown.placement)
    return ServedPlacement(shown.placement, revision=number, settings=ListSettings.stored(found.settings))


def request_then(shown: ListImpression, placement: ServedPlacement) -> Request:
    """Return the request of then, as far as it is recorded, with what the placement said at that moment."""
    asked = request_of(shown.asked or {}, shown.user_id, len(shown.items), shown.first_rank - 1)
    return combined(placement, asked, shown.served_at)


def with_weight(
    context: ServingContext, placement: ServedPlacement, algorithm: str, asked: float | None = None
) -> ServingContext:
    """Return the context with the weight of content that the request asked, else the placement's.

    It stays as it is where what leads the list has no such weight.
    """
    weight, leader = placement.content_weight if asked is None else asked, context.release.leader
    if weight is None or leader is None or leader.algorithm != algorithm:
        return context
    try:
        return context.with_content_weight(weight)
    except UserFacingError:
        return context


def page_then(
    context: ServingContext,
    placement: ServedPlacement,
    algorithm: str,
    shown: ListImpression,
    person: int,
    real: RecentEvents,
    read: Read = UserHistories,
) -> tuple[Request, UserPage]:
    """Return the request, and the page that it would have got from this context, before any draw.

    `real` is everything that the user (internal id) did. New items that were tried are taken as they are recorded. Of a
    list that was drawn it is the whole part whose order was.
    """
    request = request_then(shown, placement)
    events = real.of(real.events["received"] <= microseconds_of(shown.served_at))
    seen = events.seen().tolist()
    known = read(np.array([person], np.int64), events.latest(settings.FOLD_IN_EVENTS))
    candidates = UserCandidates(_candidates(context, algorithm, person, known, seen), seen, False, known)
    own = placement.settings
    if not candidates.candidates.is_personal and algorithm not in IMPERSONAL:
        algorithm = for_everybody(context, own.fallbacks)
    (beside,) = filtering.contexts_of(request, own.new_for_days, [shown.user_id], [candidates])
    unblocked, effects = ruling.acting(context.catalogue, request, beside)
    tried = _tried(context, shown, own.new_item_share)
    eligibility = eligible(context, request, context.rows(seen), algorithm, *tried, beside, unblocked)
    part = request.offset, request.limit
    if shown.drawn_ranks:
        part = 0, max(randomising.POOL, len(shown.items))
    asks = *part, request.diversity or 0.0
    found = user_page(context, algorithm, candidates, eligibility, *asks, own.fallbacks, effects)
    what = found.ranked, found.total, eligibility, effects, found.met
    return request, UserPage(shown.user_id, candidates, algorithm, False, *what)


def drafted_page_then(
    placement: ServedPlacement, shown: ListImpression, person: int, real: RecentEvents
) -> tuple[ServingContext, Request, UserPage] | None:
    """Return the same of a list into which two rankings were drafted; None where nothing says any more which two.

    Raises UnknownRelease where the release of one can't be loaded.
    """
    drafted = experiments.drafted_by(shown.variant)
    if drafted is None or shown.release is None:
        return None
    placement = drafted.of(placement)
    made = []
    for side in placement.sides or ():
        context = context_of_release(side.release or shown.release)
        algorithm = asked_to_lead(context, Request(), side.settings)
        context = with_weight(context, side, algorithm)
        made.append((context, *page_then(context, side, algorithm, shown, person, real)))
    (context, request, first), (other, _, second) = made
    sides = Side(context, first.algorithm, first.known), Side(other, second.algorithm, second.known)
    coins = drafting.coins_of(placement, shown.user_id, shown.served_at)
    asks = request.offset, request.limit, request.diversity or 0.0
    page, _ = interleaved_page(sides, coins, first.eligibility, *asks, placement.settings.fallbacks, first.effects)
    return context, request, first._replace(ranked=page.ranked, total=page.total, met=page.met)


def _candidates(
    context: ServingContext, algorithm: str, person: int, known: UserHistories, seen: Sequence[int]
) -> Candidates:
    member = context.release.sources.get(algorithm)
    if member is None or person == NOBODY or algorithm in IMPERSONAL:
        return Candidates.impersonal(person)
    allowed = Eligibility.unseen(context.catalogue, context.rows(seen)).allowed
    own = user_ranking.rank(context, member, person, allowed, settings.CANDIDATE_COUNT, known)
    return user_ranking.candidates(context, member, known, own)


def _tried(context: ServingContext, shown: ListImpression, share: float) -> tuple[Ranked, float]:
    """Return the new items that the list tried, as they are recorded: what was new then is not what is new now."""
    source = SOURCES.index(EXPLORATION)
    tried = [item for item, by in zip(shown.items, shown.sources, strict=True) if by == source]
    if not tried or not share:
        return NO_ITEMS, 0.0
    n = len(tried)
    return Ranked(context.rows(tried), np.full(n, np.nan, np.float32), np.full(n, source, np.uint8)), share
