"""Load a user's candidates from Redis, or build and store them where Redis has none that are fresh."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings

from recommender import cache
from recommender.cache import NOBODY, CachedEntry, Candidates, Keys
from recommender.serving import telemetry
from recommender.serving.candidates import user_ranking, users
from recommender.serving.candidates.context import IMPERSONAL, ServingContext
from recommender.serving.candidates.paging import Eligibility
from recsite.platform.database import DatabaseDown
from recsite.platform.redis import RedisDown


@dataclass(frozen=True, slots=True)
class UserCandidates:
    """Hold a user's candidates, and the items (internal ids) that must not be shown."""

    candidates: Candidates
    seen: Collection[int]
    is_hit: bool
    """True where Redis had the candidates."""


def load_or_build(context: ServingContext, algorithm: str, user_id: str) -> UserCandidates:
    """Return what an answer needs to know of a user: from Redis, else built. With both servers down, nothing."""
    keys = cache.keys_of(user_id, context.list_digest(algorithm), algorithm + context.variant)
    found = _look_up(keys)
    if found.is_fresh and found.candidates and (found.seen_is_complete or found.candidates.person == NOBODY):
        return UserCandidates(found.candidates, found.seen, True)
    try:
        return _make(context, algorithm, user_id, keys, found)
    except DatabaseDown:
        telemetry.degraded.labels("database").inc()
        # Candidates that lack the user's latest event are still better than what everybody gets.
        return UserCandidates(
            found.candidates or Candidates.impersonal(NOBODY), found.seen, found.candidates is not None
        )


def _look_up(keys: Keys) -> CachedEntry:
    try:
        cache.tell_the_rest()
        return cache.look_up(keys)
    except RedisDown:
        telemetry.degraded.labels("redis").inc()
        return cache.EMPTY


def _make(context: ServingContext, algorithm: str, user_id: str, keys: Keys, found: CachedEntry) -> UserCandidates:
    mark = found.mark or cache.new_mark()
    person = users.find_pk(user_id)
    seen = _seen(person, found)
    is_hit = found.is_fresh and found.candidates is not None
    candidates = found.candidates if is_hit and found.candidates else _candidates(context, algorithm, person, seen)
    # The keys would hold the id of somebody who was erased.
    if person != NOBODY or not users.is_erased(user_id):
        _keep(keys, None if is_hit else mark, candidates, seen)
    return UserCandidates(candidates, seen, is_hit)


def _seen(person: int, found: CachedEntry) -> Collection[int]:
    if found.seen_is_complete or person == NOBODY:
        return found.seen
    return {*found.seen, *users.seen_items([person]).get(person, [])}


def _candidates(context: ServingContext, algorithm: str, person: int, seen: Collection[int]) -> Candidates:
    member = context.release.members.get(algorithm)
    if member is None or person == NOBODY or algorithm in IMPERSONAL:
        return Candidates.impersonal(person)
    allowed = Eligibility.unseen(context.catalogue, context.rows(seen)).allowed
    own = user_ranking.rank(context, member, person, allowed, settings.CANDIDATE_COUNT)
    return user_ranking.candidates(context, member, person, own)


def _keep(keys: Keys, mark: bytes | None, candidates: Candidates, seen: Collection[int]) -> None:
    """Store in Redis what it lacked: the candidates, if there is a mark for them, and the seen items."""
    commands = list(cache.keep(keys, mark, candidates)) if mark else []
    if candidates.person != NOBODY:
        commands += cache.keep_seen(keys, seen)
    with suppress(RedisDown):
        cache.store(commands)
