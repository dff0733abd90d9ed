"""Erase what Redis holds of users. Keys name the user in braces, so one walk over all keys finds them.

A list that was being made while its user was erased may be stored a moment later: `sweep` walks once more, when all
that work is long over. It knows erased users by their tombstones alone.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog.erasure import ErasedUsers, digest, erased_among
from catalog.models import Erasure
from recommender.cache.events import forget_users, note_events
from recsite.platform import redis
from recsite.platform.redis import Client, RedisDown

logger = logging.getLogger(__name__)
PATTERN, BATCH = "rec:*", 2_000
SETTLED = timedelta(minutes=10)
"""After so long nobody can be at work any more who knew an erased user."""


def on_users_saved(user_ids: Collection[str]) -> None:
    """Make the lists of these users stale, and nobody else's. For USER_SINKS."""
    transaction.on_commit(partial(note_events, dict.fromkeys(user_ids, ())))


def on_erased(erased: ErasedUsers) -> None:
    """Erase the keys of these users once the erasing is committed. For ERASURE_SINKS."""
    transaction.on_commit(partial(_erase, erased.user_ids))


def sweep() -> int:
    """Delete keys of erased users that came back, and return how many. Nothing to do is one small query.

    Raises RedisDown.
    """
    unsettled = Q(swept_at=None) | Q(swept_at__lt=F("erased_at") + SETTLED)
    due = list(Erasure.objects.filter(unsettled, erased_at__lt=timezone.now() - SETTLED).values_list("pk", flat=True))
    if not due:
        return 0
    deleted = redis.call(partial(_delete, chosen=erased_among))
    Erasure.objects.filter(pk__in=due).update(swept_at=timezone.now())
    return deleted


def _erase(user_ids: Collection[str]) -> None:
    forget_users(user_ids)
    try:
        redis.call(partial(_delete, chosen=set(user_ids).intersection))
    except RedisDown:
        logger.warning("Redis doesn't answer: the lists of erased users are deleted once it does.")
        return
    Erasure.objects.filter(digest__in=list(map(digest, user_ids))).update(swept_at=timezone.now())


def _delete(client: Client, chosen: Callable[[Collection[str]], Collection[str]]) -> int:
    deleted = 0
    for keys in batches(client):
        users = {key: _user_of(key) for key in keys}
        theirs = set(chosen(set(users.values())))
        gone = [key for key, user_id in users.items() if user_id in theirs]
        deleted += client.unlink(*gone) if gone else 0
    return deleted


def batches(client: Client) -> Iterator[list[bytes]]:
    """Yield all keys of lists. SCAN blocks nobody; what is added meanwhile may be missing."""
    batch: list[bytes] = []
    for key in client.scan_iter(match=PATTERN, count=BATCH):
        batch.append(key)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    yield batch


def _user_of(key: bytes) -> str:
    return key.partition(b"{")[2].rpartition(b"}")[0].decode("utf-8", "surrogateescape")
