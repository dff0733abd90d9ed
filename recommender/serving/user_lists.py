"""Recommend to a user, or to everybody: from the cache, or made now, and never nothing.

The chain: candidates that Redis holds and that know of the user's latest event; else their row of the trained model,
or their latest events folded into it where it doesn't know of them; else what everybody gets. Whatever is gone is left
out: an answer needs Redis only to be fast, PostgreSQL only to be personal, a model only to be more than what is new.
"""

import time
from contextlib import suppress
from dataclasses import replace

import numpy as np

from recommender.cache import SOURCES
from recommender.models import ListKind
from recommender.serving import placements, telemetry
from recommender.serving.answers import answer_with, context_for, eligible, listed_items, record_impression
from recommender.serving.candidates import (
    IMPERSONAL,
    LATEST,
    POPULAR,
    STATED_PREFERENCES,
    TRENDING,
    Ranked,
    RatingPredictions,
    ServingContext,
    UserCandidates,
    attribution,
    explorers,
    load_or_build,
    ratings,
    user_page,
)
from recommender.serving.candidates.stated_preferences import NOTHING_STATED, preferences_of, sentence
from recommender.serving.contract import Answer, Request, UnknownAlgorithm
from recommender.serving.reasons import Reason, reasons
from recsite.platform import lookups
from recsite.platform.database import DatabaseDown


def recommend(request: Request) -> Answer:
    """Return the page that the request asks for. It is full, unless the filters let no more of the catalogue through.

    Raises UnknownAlgorithm and UnknownPlacement, which name the known ones, NoContent, and ServingUnavailable.
    """
    started = time.perf_counter()
    placement = placements.named(request.placement)
    context = context_for(placement, request)
    asked = _algorithm(context, request.algorithm)
    known = load_or_build(context, asked, request.user_id)
    algorithm = asked if known.candidates.is_personal or asked in IMPERSONAL else _for_everybody(context)
    eligibility = eligible(context, request, context.rows(known.seen), algorithm)
    if not request.algorithm and request.min_score is None:
        new = explorers(context, placement, request.user_id, known.candidates.taste)
        eligibility = replace(eligibility, new=new, new_share=placement.exploration_share)
    found = user_page(context, algorithm, known, eligibility, request.offset, request.limit, request.diversity)
    rated = ratings(context, algorithm, known.candidates, found.ranked)
    why = _reasons(context, algorithm, known, found.ranked, rated) if request.explain else None
    items = listed_items(context, found.ranked, request.offset + 1, rated, why)
    is_cold = not known.candidates.is_personal and request.algorithm not in IMPERSONAL
    answer = answer_with(context, request, algorithm, items, found.total, cold_start=is_cold, cache_hit=known.is_hit)
    if request.is_shown and (request.is_shown_cold or not is_cold):
        kind = ListKind.USER if request.user_id else ListKind.EVERYBODY
        record_impression(context, kind, answer, found.ranked, request.offset + 1)
    # What staff look up is no request of a user's.
    if request.is_shown and not lookups.is_by_staff():
        telemetry.answered(algorithm, known.is_hit, started)
    return answer


def _algorithm(context: ServingContext, name: str) -> str:
    """Return the source that is to lead the list. Raises UnknownAlgorithm."""
    if not name:
        return context.release.leader.algorithm if context.release.leader else _for_everybody(context)
    known = {*context.release.members, LATEST, TRENDING}
    if name not in known:
        raise UnknownAlgorithm(name, known)
    return name


def _for_everybody(context: ServingContext) -> str:
    return POPULAR if POPULAR in context.release.members else LATEST


def _reasons(
    context: ServingContext, algorithm: str, known: UserCandidates, ranked: Ranked, rated: RatingPredictions
) -> list[Reason]:
    """Return a reason for each item; without the database, by the source alone."""
    found, preferences = None, NOTHING_STATED
    stated = ranked.sources == SOURCES.index(STATED_PREFERENCES)
    with suppress(DatabaseDown):
        if stated.any():
            preferences = preferences_of(known.candidates.person)
        else:
            found = attribution(context, algorithm, known.candidates.person, ranked)
    why = reasons(context, ranked, rated, found)
    for position in np.flatnonzero(stated).tolist():
        why[position] = Reason(sentence(context, int(ranked.rows[position]), preferences))
    return why
