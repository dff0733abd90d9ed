"""What is known of one person: from Redis where it is up to date there, else made now and left there."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings

from recommender import cache
from recommender.cache import NOBODY, Candidates, Found, Keys
from recommender.serving import telemetry
from recommender.serving.candidates import people, personal
from recommender.serving.candidates.paging import Wanted
from recommender.serving.candidates.view import IMPERSONAL, View
from recsite.platform.database import DatabaseDown
from recsite.platform.redis import RedisDown


@dataclass(frozen=True, slots=True)
class Known:
    """A person's candidates, and the items (internal ids) that must not be shown to her."""

    candidates: Candidates
    seen: Collection[int]
    is_hit: bool
    """Whether Redis had the candidates."""


def know(view: View, algorithm: str, user_id: str) -> Known:
    """Everything about a person that an answer needs. With Redis and the database gone, that is nothing."""
    keys = cache.keys_of(user_id, view.release.number or 0, algorithm + view.variant)
    found = _look_up(keys)
    if found.is_fresh and found.candidates and (found.seen_is_complete or found.candidates.person == NOBODY):
        return Known(found.candidates, found.seen, True)
    try:
        return _make(view, algorithm, user_id, keys, found)
    except DatabaseDown:
        telemetry.degraded.labels("database").inc()
        # Candidates that don't know of her latest event are still more hers than what everybody gets.
        return Known(found.candidates or Candidates.impersonal(NOBODY), found.seen, found.candidates is not None)


def _look_up(keys: Keys) -> Found:
    try:
        cache.tell_the_rest()
        return cache.look_up(keys)
    except RedisDown:
        telemetry.degraded.labels("redis").inc()
        return cache.NOTHING


def _make(view: View, algorithm: str, user_id: str, keys: Keys, found: Found) -> Known:
    mark = found.mark or cache.new_mark()
    person = people.find(user_id)
    seen = _seen(person, found)
    is_hit = found.is_fresh and found.candidates is not None
    candidates = found.candidates if is_hit and found.candidates else _candidates(view, algorithm, person, seen)
    _keep(keys, None if is_hit else mark, candidates, seen)
    return Known(candidates, seen, is_hit)


def _seen(person: int, found: Found) -> Collection[int]:
    if found.seen_is_complete or person == NOBODY:
        return found.seen
    return {*found.seen, *people.seen([person]).get(person, [])}


def _candidates(view: View, algorithm: str, person: int, seen: Collection[int]) -> Candidates:
    member = view.release.members.get(algorithm)
    if member is None or person == NOBODY or algorithm in IMPERSONAL:
        return Candidates.impersonal(person)
    allowed = Wanted.unseen(view.catalogue, view.rows(seen)).allowed
    own = personal.rank(view, member, person, allowed, settings.CANDIDATE_COUNT)
    return personal.candidates(view, member, person, own)


def _keep(keys: Keys, mark: bytes | None, candidates: Candidates, seen: Collection[int]) -> None:
    """Leaves in Redis what it lacked: the candidates, unless there is no mark for them, and what a person has seen."""
    commands = list(cache.keep(keys, mark, candidates)) if mark else []
    if candidates.person != NOBODY:
        commands += cache.keep_seen(keys, seen)
    with suppress(RedisDown):
        cache.store(commands)
