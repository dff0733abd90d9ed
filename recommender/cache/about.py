"""Keep in Redis what filter expressions ask of users (preferences, demographics), so that a list needs no query for it.

It counts as long as the mark of the user's candidates is the one it was read under: whatever makes their lists stale,
an event or a change of the user, makes it stale too.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from recommender.cache.keys import Keys
from recsite.platform import redis
from recsite.platform.redis import Command

MARK = 8
"""Bytes of a mark."""

About = tuple[Mapping[str, Any] | None, bytes]
"""What is known of a user, None where Redis doesn't know it; and the present mark, empty where there is none."""


def about_users(users: Sequence[Keys]) -> list[About]:
    """Return what Redis knows of each of these users, in one round trip. Raises RedisDown."""
    found = redis.roundtrip(*(("MGET", keys.about, keys.mark) for keys in users)) if users else []
    return [unpack_about(packed, mark or b"") for packed, mark in found]


def keep_about(keys: Keys, mark: bytes, about: Mapping[str, Any]) -> Command:
    """Return the command that stores what was read of a user after this mark was."""
    return "SET", keys.about, pack_about(mark, about), "EX", settings.CANDIDATE_TTL_SECS


def pack_about(mark: bytes, about: Mapping[str, Any]) -> bytes:
    """Return what is stored of a user."""
    return mark + json.dumps(about, separators=(",", ":")).encode()


def unpack_about(packed: bytes | None, mark: bytes) -> About:
    """Return what was stored of a user, as far as it holds under the present mark."""
    if not packed or not mark or packed[:MARK] != mark:
        return None, mark
    return json.loads(packed[MARK:]), mark
