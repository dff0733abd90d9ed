"""Find which users are in an audience, before anything else is known of them: from Redis, else by one query for all.

Nobody is in the audience while neither answers: they get what is live.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from catalog.expressions import Context, matches, parse
from recommender import cache
from recommender.cache import Keys
from recommender.serving import telemetry
from recommender.serving.candidates import users
from recommender.serving.filtering import NOTHING, about_user, with_activity
from recsite.platform.database import DatabaseDown
from recsite.platform.redis import RedisDown


def members(audience: str, user_ids: Sequence[str]) -> set[str]:
    """Return which of these users the expression is true of. Of an unknown user nothing is known."""
    asked, now = parse(audience), time.time()
    return {
        user_id
        for user_id, about in _about(list(dict.fromkeys(user_ids))).items()
        if matches(asked, Context(with_activity(about, now)))
    }


def _about(user_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    keys = dict(zip(user_ids, cache.keys_of_each(user_ids), strict=True))
    found, marks = _from_redis(keys)
    missing = [user_id for user_id in user_ids if user_id not in found]
    if missing:
        try:
            stated = users.described_by_id(missing)
            # The keys would hold the ids of those who were erased.
            erased = users.erased_ids([user_id for user_id in missing if user_id not in stated])
        except DatabaseDown:
            telemetry.degraded.labels("database").inc()
            return found
        read = {one: about_user(*stated[one]) if one in stated else NOTHING for one in missing}
        _keep({one: keys[one] for one in missing if one not in erased}, marks, read, stated.keys())
        found |= read
    return found


def _from_redis(keys: Mapping[str, Keys]) -> tuple[dict[str, Mapping[str, Any]], dict[str, bytes]]:
    """Return what Redis knows of users, and their marks, which were there before anything is read."""
    try:
        cache.tell_the_rest()
        about = cache.about_users(list(keys.values()))
    except RedisDown:
        telemetry.degraded.labels("redis").inc()
        return {}, {}
    found = {user_id: its for user_id, (its, _) in zip(keys, about, strict=True) if its is not None}
    return found, {user_id: mark for user_id, (_, mark) in zip(keys, about, strict=True)}


def _keep(
    keys: Mapping[str, Keys], marks: Mapping[str, bytes], read: Mapping[str, Mapping[str, Any]], known: Any
) -> None:
    with suppress(RedisDown):
        cache.store(
            command
            for user_id, its in keys.items()
            if user_id in marks
            for command in cache.keep_about_first(its, marks[user_id], read[user_id], is_known=user_id in known)
        )
