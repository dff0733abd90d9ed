"""Recommend to a user, or to everybody: from the cache, or made now, and never nothing.

The chain: candidates that Redis holds and that know of the user's latest event; else their row of the trained model,
or their latest events folded into it where it doesn't know of them; else what everybody gets. Whatever is gone is left
out: an answer needs Redis only to be fast, PostgreSQL only to be personal, a model only to be more than what is new.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from catalog.expressions import USER, Context
from recommender.cache import SOURCES
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import ListKind
from recommender.serving import (
    drafting,
    experiments,
    failures,
    filtering,
    placements,
    randomising,
    ruling,
    shadows,
    telemetry,
)
from recommender.serving.answers import answer_with, eligible, impression_of, is_known, listed_pages, record, seen_in
from recommender.serving.asked import NOTHING, asked_of
from recommender.serving.candidates import (
    IMPERSONAL,
    NO_EFFECTS,
    STATED_PREFERENCES,
    Effects,
    Eligibility,
    Met,
    Page,
    Ranked,
    RatingPredictions,
    ServingContext,
    Side,
    UserCandidates,
    attribution,
    explorers,
    interleaved_page,
    load_or_build,
    load_or_build_sides,
    ratings_of_many,
    user_page,
)
from recommender.serving.candidates.rankings import NO_ITEMS
from recommender.serving.candidates.stated_preferences import NOTHING_STATED, preferences_of, sentence
from recommender.serving.contract import Answer, MetRule, Request
from recommender.serving.leading import asked_to_lead, leads_to
from recommender.serving.placements import ServedPlacement, combined
from recommender.serving.randomising import Drawn
from recommender.serving.reasons import Reason, reasons
from recsite.platform import lookups
from recsite.platform.database import DatabaseDown

Make = Callable[[ServingContext, str, str], UserCandidates]
"""Makes the candidates of a user from a context, the algorithm that is asked for and the user's id."""


def recommend(request: Request, placement: ServedPlacement | None = None) -> Answer:
    """Return the page that the request asks for. It is full, unless the filters let no more of the catalogue through.

    `placement` is given by whoever has it already, and for a preview, whose settings are not published. Raises
    UnknownAlgorithm, UnknownPlacement and WrongKind, which name what there is, NoContent, and ServingUnavailable.
    """
    (answer,) = recommend_many(request, [request.user_id], placement)
    return answer


def recommend_many(request: Request, user_ids: Sequence[str], placement: ServedPlacement | None = None) -> list[Answer]:
    """Return the page of each of these users, as if each had asked alone.

    Redis is asked once for all of them, and what can be worked out for many pages at once is.
    """
    if placement:
        return [made.answer for made in make_many(request, user_ids, placement)]
    parts = experiments.deal_out(placements.find(request.placement, request.kind), request, user_ids)
    answers: dict[int, Answer] = {}
    for seen, positions in parts:
        found = make_many(request, [user_ids[position] for position in positions], seen)
        answers.update(zip(positions, (made.answer for made in found), strict=True))
    return [answers[position] for position in range(len(user_ids))]


def make_many(request: Request, user_ids: Sequence[str], placement: ServedPlacement) -> "list[Made]":
    """Return the answers of these users, whose placement is the same, with what they were made of; they count."""
    with failures.noted(request, placement, len(user_ids)):
        return _make_many(request, user_ids, placement)


def _make_many(request: Request, user_ids: Sequence[str], placement: ServedPlacement) -> "list[Made]":
    started = time.perf_counter()
    placement, sides = drafting.sides_of(placement, request, len(user_ids))
    context = sides[0][1]
    may_draw = len(sides) == 1 and randomising.is_possible(placement.settings, request)
    plain, request = request, combined(placement, request)
    asked = [(its_context, asked_to_lead(its_context, request, its.settings)) for its, its_context in sides]
    known, *others = load_or_build_sides(asked, user_ids, filtering.asks_of(request, USER))
    contexts = filtering.contexts_of(request, placement.settings.new_for_days, user_ids, known)
    second: list[Side | None] = [None] * len(user_ids)
    if others:
        other, name = asked[1]
        second = [Side(other, leads_to(other, name, one, placement.settings), one) for one in others[0]]
    each = zip(user_ids, known, contexts, second, strict=True)
    pages = [_page(context, placement, request, asked[0][1], *one, may_draw) for one in each]
    made = _answers(context, placement, request, pages)
    for one in made:
        record(one.shown)
    # A list that was drawn at random is not what is live.
    usual = [one.answer for one in made if one.page.drawn is None]
    seconds = (time.perf_counter() - started) / max(len(pages), 1)
    count(plain, placement, [one.answer for one in made], usual, seconds)
    return made


def count(
    request: Request, placement: ServedPlacement, answers: Sequence[Answer], usual: Sequence[Answer], seconds: float
) -> None:
    """Count answers, each of which took so long, and offer those that are as `usual` to shadows.

    `request` is as it was asked. What staff look up is no request of a user's.
    """
    if not request.is_recorded or lookups.is_by_staff():
        return
    for answer in answers:
        telemetry.answered(answer.algorithm, answer.cache_hit, seconds)
        kind = ListKind.USER if answer.user_id else ListKind.EVERYBODY
        impressions.note_time(kind, placement.name, answer.algorithm, answer.cache_hit, seconds, placement.variant)
    shadows.offer(recommend, request, placement, usual, seconds)


NOTHING_MET: Met = {}


class UserPage(NamedTuple):
    """Hold the page of one user's list: the items that are on it, and what they were found by."""

    user_id: str
    known: UserCandidates
    algorithm: str
    """The source that leads the list."""
    is_cold: bool
    ranked: Ranked
    total: int
    eligibility: Eligibility
    """What may be on it, and at which share new items are."""
    effects: Effects = NO_EFFECTS
    """What the rules of the placement do to it."""
    met: Met = NOTHING_MET
    """By row: which rules met an item."""
    drawn: Drawn | None = None
    """How it was drawn at random, where it was."""
    teams: str = ""
    """Of a drafted list, whose each item is."""


class Made(NamedTuple):
    """Hold an answer with its page, and what is recorded of it where it is shown."""

    answer: Answer
    page: UserPage
    shown: Impression | None


class LookedUp(NamedTuple):
    """Hold a page that was only looked up, and everything that it was made of."""

    context: ServingContext
    placement: ServedPlacement
    request: Request
    """With what the placement says where it says nothing itself."""
    page: UserPage

    @property
    def answer(self) -> Answer:
        """Return the answer to which the page is made. It counts nowhere as shown."""
        unshown = replace(self.request, is_shown=False)
        return _answers(self.context, self.placement, unshown, [self.page])[0].answer


def look_up(request: Request, make: Make = load_or_build) -> LookedUp:
    """Return the page of the request's user with everything that it was made of; it counts nowhere as shown.

    `make` makes the user's candidates. Raises what `recommend` does.
    """
    found = placements.find(request.placement, request.kind)
    placement, context = seen_in(experiments.placement_for(found, request, request.user_id), request)
    request = combined(placement, request)
    asked = asked_to_lead(context, request, placement.settings)
    known = make(context, asked, request.user_id)
    (beside,) = filtering.contexts_of(request, placement.settings.new_for_days, [request.user_id], [known])
    page = _page(context, placement, request, asked, request.user_id, known, beside)
    return LookedUp(context, placement, request, page)


def _page(
    context: ServingContext,
    placement: ServedPlacement,
    request: Request,
    asked: str,
    user_id: str,
    known: UserCandidates,
    beside: Context,
    other: Side | None = None,
    may_draw: bool = False,
) -> UserPage:
    candidates, own = known.candidates, placement.settings
    algorithm = leads_to(context, asked, known, own)
    new, share = NO_ITEMS, 0.0
    if not request.algorithm and request.min_score is None:
        new, share = explorers(context, own, user_id, candidates.taste), own.new_item_share
    unblocked, effects = ruling.acting(context.catalogue, request, beside)
    seen = context.rows(known.seen)
    eligibility = eligible(context, request, seen, algorithm, new, share, beside, unblocked)
    shape = request.diversity or 0.0, own.fallbacks, effects

    def cut(offset: int, limit: int) -> Page:
        return user_page(context, algorithm, known, eligibility, offset, limit, *shape)

    seed = randomising.seed_of(placement, user_id) if may_draw and randomising.keeps_promises(effects) else None
    drawn, teams = None, ""
    if other:
        both, coins = (Side(context, algorithm, known), other), drafting.coins_of(placement, user_id)
        found, whose = interleaved_page(both, coins, eligibility, request.offset, request.limit, *shape)
        teams = "".join(map(drafting.TEAMS.__getitem__, whose))
    elif seed is None:
        found = cut(request.offset, request.limit)
    else:
        found, drawn = randomising.drawn_page(cut, own.temperature, seed, request.offset, request.limit)
    is_cold = not candidates.is_personal and (request.algorithm or own.algorithm) not in IMPERSONAL
    what = found.ranked, found.total, eligibility, effects, found.met, drawn, teams
    return UserPage(user_id, known, algorithm, is_cold, *what)


def _answers(
    context: ServingContext, placement: ServedPlacement, request: Request, pages: Sequence[UserPage]
) -> list[Made]:
    """Return the answers of pages, with the records of those that are shown."""
    first_rank = request.offset + 1
    lists = [page.ranked for page in pages]
    rated = ratings_of_many(context, [(page.algorithm, page.known.candidates, page.ranked) for page in pages])
    why = None
    if request.explain:
        why = [
            _reasons(context, page.algorithm, page.known, page.ranked, its)
            for page, its in zip(pages, rated, strict=True)
        ]
    met: Sequence[Sequence[tuple[MetRule, ...]]] = ()
    if request.rules:
        met = [[ruling.told(request, page.met, row) for row in page.ranked.rows.tolist()] for page in pages]
    items = listed_pages(context, lists, first_rank, rated, why, request.fields, met)
    told = asked_of(request, placement) if request.is_recorded else NOTHING
    made = []
    for page, its in zip(pages, items, strict=True):
        answer = answer_with(
            context,
            placement,
            request,
            page.algorithm,
            its,
            page.total,
            user_id=page.user_id,
            cold_start=page.is_cold,
            cache_hit=page.known.is_hit,
        )
        shown = None
        if request.is_recorded and (request.is_shown_cold or not page.is_cold) and not is_known(request, answer):
            kind = ListKind.USER if page.user_id else ListKind.EVERYBODY
            shown = impression_of(context, kind, answer, page.ranked, first_rank, told, page.drawn, page.teams)
        made.append(Made(answer, page, shown))
    return made


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
