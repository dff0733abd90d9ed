"""Name the Redis keys of a user."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from django.conf import settings

from interactions import producers, types
from recsite.platform import generations

LISTS_GENERATION = "lists"
GENERATIONS = (LISTS_GENERATION, types.GENERATION, producers.BULK_GENERATION)


@dataclass(frozen=True, slots=True)
class Keys:
    """Hold the keys of one user in one generation."""

    candidates: str
    seen: str
    mark: str
    history: str
    about: str
    latest: str
    """Holds the key of the candidates that were stored last, of whatever digest or generation."""


def keys_of(user_id: str, digest: str = "", algorithm: str = "") -> Keys:
    """Return a user's keys in the present generation; candidates only where a digest and an algorithm are named.

    The digest stands for everything that the candidates are made of (see `ServingContext.list_digest`).
    """
    return _keys(generation(), user_id, digest, algorithm)


def keys_of_each(user_ids: Iterable[str], digest: str = "", algorithm: str = "") -> Iterator[Keys]:
    """Yield the keys of many users, all of one generation."""
    present = generation()
    return (_keys(present, user_id, digest, algorithm) for user_id in user_ids)


def _keys(number: int, user_id: str, digest: str = "", algorithm: str = "") -> Keys:
    # The braces keep a user's keys on one node of a cluster, where MGET needs them.
    start, user = prefix(number), f"{{{user_id}}}"
    return Keys(
        candidates=f"{start}{digest}:{algorithm}:{user}",
        seen=f"{start}seen:{user}",
        mark=f"{start}mark:{user}",
        history=f"{start}did{settings.FOLD_IN_EVENTS}:{user}",
        about=f"{start}about:{user}",
        latest=f"rec:latest:{algorithm}:{user}",
    )


def prefix(number: int) -> str:
    """Return how all keys of a generation begin, except those that hold the name of another key."""
    return f"rec:{number:08x}:"


def generation() -> int:
    """Return a number that changes whenever lists in general are out of date.

    Types were edited, events imported, or told of by nobody; or Redis was restarted, which may have cost
    it what it had acknowledged last.
    """
    return crc32(b"%d %s" % (sum(map(generations.current, GENERATIONS)), generations.redis_run()))
