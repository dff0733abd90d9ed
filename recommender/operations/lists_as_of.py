"""Make the lists that users would have got at moments of the past, and record them as shown then.

For a history that is replayed: a release, live or not, knows of each user what they had done by their moment.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings

from catalog.snapshot import NO_DATE
from interactions.schema import new_event_id
from recommender import dataset
from recommender.cache import Candidates
from recommender.dataset import RecentEvents, microseconds_of
from recommender.engine import ranking
from recommender.engine.types import IdMap, IntArray
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import ListKind
from recommender.operations.lists_then import with_weight
from recommender.serving import filtering, ruling
from recommender.serving.answers import eligible
from recommender.serving.asked import asked_of
from recommender.serving.candidates import (
    FOLD_IN,
    IMPERSONAL,
    Eligibility,
    LoadedModel,
    Ranked,
    ServingContext,
    UserCandidates,
    context_of_release,
    user_page,
    user_ranking,
)
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.rankings import marked
from recommender.serving.contract import Request
from recommender.serving.leading import asked_to_lead, leads_to
from recommender.serving.placements import ServedPlacement, combined

BLOCK = 256
"""Users who are ranked at once."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Name a user who looks at a placement at a moment: the id outside, and that of the row."""

    user_id: str
    person: int
    at: datetime


def show(release: int, placement: ServedPlacement, visits: Sequence[Visit], algorithm: str = "") -> list[Impression]:
    """Record the list of each visit as shown at its moment, and return what is recorded; each user visits once.

    The release makes them, or that of the placement's variant. Of events, those count that had happened by then; new
    items are not tried, and items that came into the catalogue later are left out. Raises UnknownRelease and
    UnknownAlgorithm. Without `algorithm` what the placement, else the release, leads with leads them.
    """
    shown: list[Impression] = []
    ordered = sorted(visits, key=lambda visit: visit.person)
    for start in range(0, len(ordered), BLOCK):
        shown += _shown(release, placement, ordered[start : start + BLOCK], algorithm)
    return shown


def _shown(release: int, placement: ServedPlacement, visits: Sequence[Visit], algorithm: str) -> list[Impression]:
    started = time.perf_counter()
    context = context_of_release(placement.release or release)
    asked = asked_to_lead(context, Request(algorithm=algorithm, release=release), placement.settings)
    context = with_weight(context, placement, asked)
    known = _known(context, asked, visits)
    made = [_list(context, placement, algorithm, asked, *one) for one in zip(visits, known, strict=True)]
    seconds = (time.perf_counter() - started) / max(len(made), 1)
    for one in made:
        at = one.served_at.timestamp()
        impressions.note_time(one.kind, one.placement, one.algorithm, False, seconds, one.variant, at)
        impressions.record(one)
    return made


def _list(
    context: ServingContext,
    placement: ServedPlacement,
    algorithm: str,
    asked: str,
    visit: Visit,
    known: UserCandidates,
) -> Impression:
    own = placement.settings
    request = combined(placement, Request(visit.user_id, algorithm=algorithm, is_shown=False), visit.at)
    leader = leads_to(context, asked, known, own)
    (beside,) = filtering.contexts_of(request, own.new_for_days, [visit.user_id], [known])
    unblocked, effects = ruling.acting(context.catalogue, request, beside)
    hidden = np.concatenate([context.rows(known.seen), _not_yet_there(context, visit.at)])
    eligibility = eligible(context, request, hidden, leader, known=beside, unblocked=unblocked)
    shape = request.diversity or 0.0, own.fallbacks, effects
    ranked = user_page(context, leader, known, eligibility, 0, request.limit, *shape).ranked
    member = context.release.sources.get(leader)
    return Impression(
        new_event_id(),
        visit.user_id,
        ListKind.USER,
        placement.name,
        leader,
        member.version if member else None,
        context.release.number,
        placement.variant,
        context.catalogue.ids[ranked.rows].tolist(),
        ranked.sources.tolist(),
        1,
        visit.at,
        placement.revision,
        asked=asked_of(request, placement),
    )


def _not_yet_there(context: ServingContext, at: datetime) -> IntArray:
    """Return the rows of the items that were published later."""
    published = context.catalogue.published
    return np.flatnonzero((published != NO_DATE) & (published > at.timestamp()))


def _known(context: ServingContext, algorithm: str, visits: Sequence[Visit]) -> list[UserCandidates]:
    """Return the candidates of each visit's user, by what they had done by their moment."""
    events = [_until(*one) for one in zip(_events_of_each(visits), visits, strict=True)]
    seen = [one.seen() for one in events]
    histories = [_histories([visit.person], [one]) for visit, one in zip(visits, events, strict=True)]
    member = context.release.sources.get(algorithm)
    if member is None or algorithm in IMPERSONAL:
        found = [Candidates.impersonal(visit.person) for visit in visits]
    else:
        everybody = _histories([visit.person for visit in visits], events)
        found = _ranked(context, member, everybody, seen)
    each = zip(found, seen, histories, strict=True)
    return [UserCandidates(candidates, its.tolist(), False, did) for candidates, its, did in each]


def _events_of_each(visits: Sequence[Visit]) -> list[RecentEvents]:
    persons = [visit.person for visit in visits]
    events = dataset.load_all_of_each(persons).events
    events = events[np.argsort(events["user"], kind="stable")]
    starts = np.searchsorted(events["user"], persons)
    ends = np.searchsorted(events["user"], persons, side="right")
    pairs = zip(persons, starts.tolist(), ends.tolist(), strict=True)
    return [RecentEvents(IdMap.of(np.array([person])), events[start:end]) for person, start, end in pairs]


def _until(events: RecentEvents, visit: Visit) -> RecentEvents:
    """Return what had happened by then, as if it had come in when it happened."""
    by_then = events.events[~events.events["undated"] & (events.events["time"] <= microseconds_of(visit.at))].copy()
    by_then["received"] = by_then["time"]
    return RecentEvents(events.user_ids, by_then)


def _histories(persons: Sequence[int], events: Sequence[RecentEvents]) -> UserHistories:
    latest = np.concatenate([one.latest(settings.FOLD_IN_EVENTS).events for one in events])
    pks = np.array(persons, np.int64)
    return UserHistories(pks, RecentEvents(IdMap.of(pks), latest))


def _ranked(
    context: ServingContext, member: LoadedModel, known: UserHistories, seen: Sequence[IntArray]
) -> list[Candidates]:
    """Rank for all of these users at once."""
    scores, folded = user_ranking.score(member, known)
    rows, n = context.catalogue_rows(member), settings.CANDIDATE_COUNT
    lists: list[Ranked | None] = []
    for number, items in enumerate(seen):
        allowed = Eligibility.unseen(context.catalogue, context.rows(items.tolist())).allowed
        top = ranking.top_n(scores[number : number + 1], min(n, len(rows)), allowed=marked(allowed, rows))
        own = Ranked.of(top, FOLD_IN if folded[number] else member.algorithm).reindex(rows)
        lists.append(user_ranking.fill(context, own, allowed, n) if len(own) else None)
    return list(user_ranking.candidates_of_many(context, member, known, lists))
