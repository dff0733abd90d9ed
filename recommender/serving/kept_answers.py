"""Keep whole answers in the process, for who asks again while nothing of what they were made of has changed.

An answer is given again while it would be made again just the same: the request and its placement are equal, catalogue,
release, new items and generation are the ones of then, and Redis still has the mark of the user's event that was the
latest then. One event, or any edit of the catalogue, and the list is made anew. So a list costs one GET, along with
the limit, and its JSON is joined instead of built. What changes with time alone (dates in filters, hours of rules,
trends) is as of the minute: such answers end with theirs, others with their ten minutes.

Lists that are drawn, drafted, of another release or explained are always made, and so are those that staff look up.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import orjson

from interactions.schema import new_event_id
from recommender import cache
from recommender.engine.types import IntArray
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.merchandising import ListSettings
from recommender.serving import experiments, failures, placements, user_lists
from recommender.serving.candidates import IMPERSONAL, ServingContext, current_context
from recommender.serving.candidates.exploration import pool
from recommender.serving.candidates.new_items import NewItems, load_new_items
from recommender.serving.contract import Answer, Request, item_as_json
from recommender.serving.placements import ServedPlacement
from recommender.serving.user_lists import Made
from recsite.platform import lookups, redis
from recsite.platform.database import DatabaseDown
from recsite.platform.redis import RedisDown
from recsite.platform.remembering import remember

MOST = 2_000
"""Answers that a process keeps, the last used ones: some kilobytes each."""

MINUTE, TEN_MINUTES = 60.0, 600.0
NO_ROWS = np.empty(0, np.int64)


class State(NamedTuple):
    """Hold what lists are made of, besides catalogue and release, and what is asked and known of the user."""

    unknown: NewItems
    """The items that the release has never seen, which are placed by their content."""
    tried: IntArray
    """The rows of those that get a share of the positions."""
    generation: int

    @classmethod
    def now(cls, context: ServingContext, own: ListSettings) -> "State":
        tried = pool(context, own).rows if own.new_item_share else NO_ROWS
        return cls(load_new_items(context), tried, cache.generation())

    def is_same(self, other: "State") -> bool:
        return (
            self.unknown is other.unknown
            and self.generation == other.generation
            and (self.tried is other.tried or np.array_equal(self.tried, other.tried))
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold an answer, and what it was made of."""

    placement: ServedPlacement
    state: State
    mark_key: str
    mark: bytes
    since: float
    until: float
    answer: Answer
    shown: Impression | None

    def holds(self, placement: ServedPlacement, state: State, now: float) -> bool:
        """Tell if it would be made again just the same, so far as that can be told without Redis."""
        return self.since <= now < self.until and self.placement == placement and self.state.is_same(state)


Answers = dict[tuple[Request, str], Kept]
"""By the request, and the variant of an experiment."""


def recommend(request: Request) -> Answer:
    """Return what `user_lists.recommend` does: the same answer, with its items' JSON at hand where it was kept."""
    placement = placements.find(request.placement, request.kind)
    ((placement, _),) = experiments.deal_out(placement, request, [request.user_id])
    context = _context_now() if _may_keep(request, placement) else None
    if context is None:
        return user_lists.recommend(request, placement)
    now = placements.clock().timestamp()
    answers, key = _held.of(context), (request, placement.variant)
    kept, state = answers.get(key), State.now(context, placement.settings)
    if kept and kept.holds(placement, state, now):
        with failures.noted(request, placement), suppress(RedisDown):
            if answer := _again(kept, request):
                return answer
    (made,) = user_lists.make_many(request, [request.user_id], placement)
    # Where the variant could not be shown, that is counted each time.
    if made.page.known.mark and made.answer.variant == (placement.variant or None):
        remember(answers, key, _kept(request, placement, state, made, now), MOST)
    return made.answer


def forget() -> None:
    """Keep nothing, as if the process had just started; for tests."""
    _held.both = None, {}


def _context_now() -> ServingContext | None:
    """Return what lists are made from now; None where the catalogue was never read."""
    with suppress(DatabaseDown):
        return current_context()
    return None


def _may_keep(request: Request, placement: ServedPlacement) -> bool:
    own = placement.settings
    is_made_anew = placement.sides or placement.release or own.randomised_share
    asks_more = request.explain or request.known or not request.is_recorded
    return not (is_made_anew or asks_more or lookups.is_by_staff())


def _again(kept: Kept, request: Request) -> Answer | None:
    """Give a kept answer again, and count it as every answer; None where the user did something since."""
    started = time.perf_counter()
    cache.tell_the_rest()
    # The limit of requests travels along.
    if redis.roundtrip(("GET", kept.mark_key), takes_along=True) != [kept.mark]:
        return None
    number, now = new_event_id(), datetime.now(UTC)
    answer = kept.answer._replace(recommendation_id=number, generated_at=now)
    if kept.shown:
        impressions.record(kept.shown._replace(recommendation_id=number, served_at=now))
    user_lists.count(request, kept.placement, [answer], [answer], time.perf_counter() - started)
    return answer


def _kept(request: Request, placement: ServedPlacement, state: State, made: Made, now: float) -> Kept:
    """Return what to keep of an answer whose candidates came from Redis, where they have a mark."""
    answer, page = made.answer, made.page
    is_of_the_minute = (
        placement.settings.rules
        or placement.settings.filter
        or request.filter
        or request.window_days
        or page.algorithm in IMPERSONAL
    )
    span = MINUTE if is_of_the_minute else TEN_MINUTES
    # Days and hours end with such a span.
    until = now - now % span + span
    items = orjson.dumps([item_as_json(item) for item in answer.items])
    return Kept(
        placement,
        state,
        cache.keys_of(request.user_id).mark,
        page.known.mark,
        now,
        until,
        answer._replace(items_json=items),
        made.shown,
    )


class _Held:
    """Hold the answers of this process, of one catalogue and release: those of before would keep these in memory."""

    both: tuple[ServingContext | None, Answers] = None, {}
    """As one: an answer of before must not come among those that are made from now on."""

    def of(self, context: ServingContext) -> Answers:
        """Return the answers that were made from this context."""
        held = self.both
        if held[0] is not context:
            held = self.both = context, {}
        return held[1]


_held = _Held()
