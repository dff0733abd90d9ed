"""Load a user's candidates from Redis, or build and store them where Redis has none that are fresh."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings

from recommender import cache, dataset
from recommender.cache import NOBODY, CachedEntry, Candidates, Keys
from recommender.engine.types import UNKNOWN
from recommender.serving import telemetry
from recommender.serving.candidates import user_ranking, users
from recommender.serving.candidates.context import IMPERSONAL, ServingContext
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.paging import Eligibility
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.redis import RedisDown


class UserCandidates(NamedTuple):
    """Hold a user's candidates, and the items (internal ids) that must not be shown."""

    candidates: Candidates
    seen: Collection[int]
    is_hit: bool
    """True where Redis had the candidates."""
    histories: UserHistories | None = None
    """What the user did, where that isn't what is stored of them."""
    about: Mapping[str, Any] | None = None
    """What filter expressions ask of the user, where it was asked for and came along from Redis."""
    mark: bytes = b""
    """The mark of the user's latest event, where Redis had all of this as it was after it."""


def load_or_build(context: ServingContext, algorithm: str, user_id: str) -> UserCandidates:
    """Return what an answer needs to know of a user: from Redis, else built. With both servers down, nothing."""
    (known,) = load_or_build_many(context, algorithm, [user_id])
    return known


def load_or_build_many(
    context: ServingContext, algorithm: str, user_ids: Sequence[str], with_about: bool = False
) -> list[UserCandidates]:
    """Return the same of each of many users, with one round trip to Redis for all whose candidates it has.

    What filter expressions ask of them comes along `with_about`.
    """
    (known,) = load_or_build_sides([(context, algorithm)], user_ids, with_about)
    return known


def load_or_build_sides(
    sides: Sequence[tuple[ServingContext, str]], user_ids: Sequence[str], with_about: bool = False
) -> list[list[UserCandidates]]:
    """Return the same for each context and algorithm, with one round trip to Redis for all of them."""
    keys = [
        its
        for context, algorithm in sides
        for its in cache.keys_of_each(user_ids, context.list_digest(algorithm), algorithm + context.variant)
    ]
    entries = zip(keys, _look_up(keys, with_about), strict=True)
    return [
        [_known_or_made(context, algorithm, user_id, *next(entries)) for user_id in user_ids]
        for context, algorithm in sides
    ]


def _known_or_made(
    context: ServingContext, algorithm: str, user_id: str, keys: Keys, found: CachedEntry
) -> UserCandidates:
    if found.is_fresh and found.candidates and (found.seen_is_complete or found.candidates.person == NOBODY):
        return UserCandidates(found.candidates, found.seen, True, about=found.about, mark=found.mark)
    try:
        return _make(context, algorithm, user_id, keys, found)
    except DatabaseDown:
        telemetry.degraded.labels("database").inc()
        # Candidates that lack the user's latest event are still better than what everybody gets.
        return UserCandidates(
            found.candidates or Candidates.impersonal(NOBODY), found.seen, found.candidates is not None
        )


def _look_up(users: Sequence[Keys], with_about: bool) -> list[CachedEntry]:
    try:
        cache.tell_the_rest()
        return cache.look_up_many(users, with_about)
    except RedisDown:
        telemetry.degraded.labels("redis").inc(len(users))
        return [cache.EMPTY] * len(users)


def _make(context: ServingContext, algorithm: str, user_id: str, keys: Keys, found: CachedEntry) -> UserCandidates:
    mark = found.mark or cache.new_mark()
    person = _person(user_id, found.candidates)
    known, seen = _known(context, person, keys, found)
    is_hit = found.is_fresh and found.candidates is not None
    candidates = found.candidates if is_hit and found.candidates else _candidates(context, algorithm, known, seen)
    # The keys would hold the id of somebody who was erased.
    if context.is_stored and (person != NOBODY or not users.is_erased(user_id)):
        _keep(keys, None if is_hit else mark, candidates, known, None if found.seen_is_complete else seen)
    return UserCandidates(candidates, seen, is_hit)


def _person(user_id: str, before: Candidates | None) -> int:
    """Return the internal id of a user, which stays the same as long as they have any; or NOBODY."""
    return users.find_pk(user_id) if before is None or before.person == NOBODY else before.person


def _known(
    context: ServingContext, person: int, keys: Keys, found: CachedEntry
) -> tuple[UserHistories, Collection[int]]:
    """Return what a user did, and what they have seen: from Redis, else from one reading of their events."""
    one = np.array([person], np.int64)
    if found.seen_is_complete or person == NOBODY:
        return UserHistories(one, cached=partial(_cached, context, person, keys)), found.seen
    everything = database.ask(lambda: dataset.load_all_of(person))
    return UserHistories(one, everything.latest(settings.FOLD_IN_EVENTS)), {*found.seen, *everything.seen().tolist()}


def _cached(context: ServingContext, person: int, keys: Keys) -> dataset.RecentEvents | None:
    """Return the user's events as Redis has them, without those of items that were deleted since."""
    try:
        events = cache.history(keys, person)
    except RedisDown:
        return None
    return events.of(context.rows(events.events["item"]) != UNKNOWN) if events else None


def _candidates(context: ServingContext, algorithm: str, known: UserHistories, seen: Collection[int]) -> Candidates:
    person, member = int(known.user_pks[0]), context.release.sources.get(algorithm)
    if member is None or person == NOBODY or algorithm in IMPERSONAL:
        return Candidates.impersonal(person)
    allowed = Eligibility.unseen(context.catalogue, context.rows(seen)).allowed
    own = user_ranking.rank(context, member, person, allowed, settings.CANDIDATE_COUNT, known)
    return user_ranking.candidates(context, member, known, own)


def _keep(
    keys: Keys, mark: bytes | None, candidates: Candidates, known: UserHistories, seen: Collection[int] | None
) -> None:
    """Store in Redis what it lacked: the candidates, if there is a mark for them, the seen items, if they are given.

    And what the user did: who asks is about to do more.
    """
    commands = list(cache.keep(keys, mark, candidates)) if mark else []
    if candidates.person != NOBODY:
        commands += cache.keep_seen(keys, seen) if seen is not None else cache.prolong_seen(keys)
    if known.is_read and candidates.person != NOBODY:
        commands += cache.keep_history(keys, known.events)
    with suppress(RedisDown):
        cache.store(commands)
