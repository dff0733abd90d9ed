"""One person's recommendations: from the cache, or made now, and in every case something.

The chain: candidates that Redis holds and that know of her latest event; else her row of the trained model, or her
latest events folded into it where it doesn't know of them; else what everybody gets. Whatever is gone is left out: an
answer needs Redis only to be fast, PostgreSQL only to be personal, and a model only to be more than what is new.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from interactions.schema import new_event_id
from recommender.cache import SOURCES
from recommender.models import DEFAULT, ListKind, Placement
from recommender.serving import placements, telemetry
from recommender.serving.answers import Answer, UnknownAlgorithm, places, show, view_now
from recommender.serving.candidates import (
    CONTENT,
    FOLD_IN,
    IMPERSONAL,
    LATEST,
    POPULAR,
    TRENDING,
    Eligibility,
    NoContent,
    Page,
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
from recommender.serving.reasons import Reason, reasons
from recsite.platform.database import DatabaseDown


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for. The doors check that `limit` and `offset` are sensible."""

    user_id: str
    limit: int = 10
    offset: int = 0
    algorithm: str = ""
    """A member of the live release, `latest` or `trending`; empty for what the release leads with."""
    categories: Collection[str] = ()
    tags: Collection[str] = ()
    item_type: str = ""
    exclude: Collection[str] = ()
    """Items, by the ids of the outside."""
    min_score: float | None = None
    max_per_category: int = 0
    """At most so many items of any one category, over all pages; 0 for any number."""
    diversity: float = 0.0
    """How much unlikeness counts beside the rank, 0 to 1."""
    content_weight: float | None = None
    """What content weighs in the hybrid, of 1, where somebody wants another blend than the learned one."""
    window_days: int = 0
    """How far back what is trending looks; 0 for the usual window."""
    placement: str = ""
    """Where it is to be shown; `default` where nothing is said."""
    is_shown: bool = True
    """Whether somebody is going to see it: what staff look up counts nowhere."""
    is_shown_cold: bool = True
    """Whether it is shown as well where nothing is known of the person."""
    explain: bool = False
    """Whether each place comes with its reason, for which the person's history is read."""

    @property
    def has_filters(self) -> bool:
        return bool(self.categories or self.tags or self.item_type or self.exclude)


def recommend(request: Request) -> Answer:
    """The page that the request asks for. It is full, unless the catalogue has no more that the filters let through.

    Raises UnknownAlgorithm and UnknownPlacement, which name the known ones, NoContent, and ServingUnavailable.
    """
    started = time.perf_counter()
    placement = placements.named(request.placement)
    view = _view(placement, request)
    asked = _algorithm(view, request.algorithm)
    known = load_or_build(view, asked, request.user_id)
    algorithm = asked if known.candidates.is_personal or asked in IMPERSONAL else _for_everybody(view)
    wanted = _wanted(view, algorithm, known, request)
    if not request.algorithm and request.min_score is None:
        new = explorers(view, placement, request.user_id, known.candidates.taste)
        wanted = replace(wanted, new=new, new_share=placement.exploration_share)
    found = user_page(view, algorithm, known, wanted, request.offset, request.limit, request.diversity)
    answer = _answer(view, algorithm, known, found, request)
    if request.is_shown and (request.is_shown_cold or not answer.cold_start):
        kind = ListKind.PERSON if request.user_id else ListKind.EVERYBODY
        show(view, kind, answer, found.ranked, request.offset + 1)
    telemetry.answered(algorithm, known.is_hit, started)
    return answer


def _view(placement: Placement, request: Request) -> ServingContext:
    """With the weights that the request asks for, else the placement's where the live release has such."""
    if request.content_weight is not None:
        return view_now().with_content_weight(request.content_weight)
    if placement.content_weight is not None:
        with suppress(NoContent):
            return view_now().with_content_weight(placement.content_weight)
    return view_now()


def _algorithm(view: ServingContext, name: str) -> str:
    """The source that is to lead the list."""
    if not name:
        return view.release.leader.algorithm if view.release.leader else _for_everybody(view)
    known = sorted({*view.release.members, LATEST, TRENDING})
    if name not in known:
        raise UnknownAlgorithm(f"There is no algorithm {name!r} in the live release. Known: {', '.join(known)}.")
    return name


def _for_everybody(view: ServingContext) -> str:
    return POPULAR if POPULAR in view.release.members else LATEST


def _wanted(view: ServingContext, algorithm: str, known: UserCandidates, request: Request) -> Eligibility:
    catalogue, matching = view.catalogue, None
    if request.has_filters:
        matching = catalogue.matching(request.categories, request.tags, request.item_type, request.exclude)
    wanted = replace(
        Eligibility.unseen(catalogue, view.rows(known.seen), matching),
        cap=request.max_per_category,
        window_days=request.window_days,
    )
    return wanted if request.min_score is None else replace(wanted, **_score(algorithm, request.min_score))


def _score(algorithm: str, at_least: float) -> dict[str, Any]:
    """A minimum score is on the scale of the sources that lead the list."""
    sources = (algorithm,) if algorithm in IMPERSONAL else (algorithm, FOLD_IN, CONTENT)
    return {"min_score": at_least, "scored_by": tuple(map(SOURCES.index, sources))}


def _answer(view: ServingContext, algorithm: str, known: UserCandidates, found: Page, request: Request) -> Answer:
    member = view.release.members.get(algorithm)
    rated = ratings(view, known.candidates, found.ranked)
    why = _reasons(view, algorithm, known, found.ranked, rated) if request.explain else None
    shown = places(view, found.ranked, request.offset + 1, rated, why)
    return Answer(
        user_id=request.user_id,
        recommendation_id=new_event_id(),
        items=shown,
        algorithm=algorithm,
        model_version=member.version if member else None,
        release=view.release.number,
        placement=request.placement or DEFAULT,
        cold_start=not known.candidates.is_personal and request.algorithm not in IMPERSONAL,
        cache_hit=known.is_hit,
        total_available=found.total,
        generated_at=datetime.now(UTC),
    )


def _reasons(
    view: ServingContext, algorithm: str, known: UserCandidates, ranked: Ranked, rated: RatingPredictions
) -> list[Reason]:
    """Without the database, by the source alone."""
    found = None
    with suppress(DatabaseDown):
        found = attribution(view, algorithm, known.candidates.person, ranked)
    return reasons(view, ranked, rated, found)
