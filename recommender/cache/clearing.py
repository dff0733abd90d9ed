"""Throw away the lists of all users, and say what Redis holds."""

from dataclasses import dataclass

from django.db import transaction

from recommender.cache.erasing import batches
from recommender.cache.keys import LISTS_GENERATION, generation, prefix
from recommender.engine.types import Progress, silent
from recsite.platform import audit, generations, redis
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Unavailable
from recsite.platform.redis import Client, RedisDown


@dataclass(frozen=True, slots=True)
class CacheState:
    """Report what Redis says of itself; its other contents, such as the queue of jobs, are part of it."""

    generation: int
    """Another number after a clearing: no list of before is found any more."""
    keys: int
    memory_bytes: int
    peak_memory_bytes: int
    max_memory_bytes: int
    """0: no limit is set."""
    evicted_keys: int
    expired_keys: int


def clear(progress: Progress = silent, *, actor: Actor) -> str:
    """Have every process make all lists anew, and free the memory of those of before; return what was done.

    What users did is read from the database again: no seen item comes back. Where Redis is gone its memory is freed by
    the lists' own expiry.
    """
    with transaction.atomic():
        audit.record(actor, "cache.clear", "cache", "everybody")
        generations.bump(LISTS_GENERATION)
    try:
        generations.look()
        deleted = redis.call(lambda client: _free(client, progress))
    except RedisDown:
        return "No list of before is used any more. Redis doesn't answer now; its memory is freed as the lists expire."
    return f"No list of before is used any more; {deleted:,} keys are deleted."


def state() -> CacheState:
    """Return what Redis holds. Raises Unavailable."""
    try:
        said, keys = redis.call(lambda client: (client.info(), client.dbsize()))
    except RedisDown as down:
        raise Unavailable("Redis doesn't answer: lists are made without a cache. Try again when it is back.") from down
    return CacheState(
        generation=generation(),
        keys=keys,
        memory_bytes=said["used_memory"],
        peak_memory_bytes=said["used_memory_peak"],
        max_memory_bytes=said["maxmemory"],
        evicted_keys=said["evicted_keys"],
        expired_keys=said["expired_keys"],
    )


def _free(client: Client, progress: Progress) -> int:
    present, deleted, total = prefix(generation()).encode(), 0, max(client.dbsize(), 1)
    looked_at = 0
    for keys in batches(client):
        old = [key for key in keys if not key.startswith(present)]
        deleted += client.unlink(*old) if old else 0
        looked_at += len(keys)
        progress(min(looked_at / total, 1), f"{deleted:,} keys are deleted")
    return deleted
