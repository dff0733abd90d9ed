"""Erase what Redis holds of users. Keys name the user in braces, so one walk over all keys finds them.

A list that was being made while its user was erased may be stored a moment later: `sweep` walks once more, when all
that work is long over. It knows erased users by their tombstones alone.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from catalog.erasure import ErasedUsers, digest, erased_among
from catalog.merging import Merge
from catalog.models import Erasure
from recommender.cache.events import forget_users, note_events
from recommender.cache.histories import packed
from recommender.cache.keys import LISTS_GENERATION, keys_of_each
from recommender.cache.lists import OPTED_OUT
from recommender.dataset import load_all_of
from recsite.platform import generations, redis
from recsite.platform.redis import Client, RedisDown

logger = logging.getLogger(__name__)
PATTERN, BATCH = "rec:*", 2_000
SETTLED = timedelta(minutes=10)
"""After so long nobody can be at work any more who knew an erased user."""


def on_users_saved(user_ids: Collection[str]) -> None:
    """Make the lists of these users stale, and nobody else's. For USER_SINKS."""
    transaction.on_commit(partial(note_events, dict.fromkeys(user_ids, ())))


def on_events_retracted(user_ids: Collection[str]) -> None:
    """Forget what Redis holds of these users' events once it is committed that some changed or went.

    For RETRACTION_SINKS. Whoever asks next reads the database. One who read it just before may add an item that the
    user has taken back: it counts as seen until the keys expire, and no list shows it.
    """
    transaction.on_commit(partial(_retract, tuple(user_ids)))


def _retract(user_ids: Collection[str]) -> None:
    try:
        redis.roundtrip(*(("DEL", keys.seen, keys.history) for keys in keys_of_each(user_ids)))
    except RedisDown:
        # Nobody knows which keys it will have when it is back.
        generations.bump(LISTS_GENERATION)
    note_events(dict.fromkeys(user_ids, ()))


def on_erased(erased: ErasedUsers) -> None:
    """Erase the keys of these users once the erasing is committed. For ERASURE_SINKS."""
    transaction.on_commit(partial(_erase, erased.user_ids))


def on_opted_out(user_ids: Collection[str], is_out: bool) -> None:
    """Delete the lists of these users at once, and note whether they are out. For OPT_OUT_SINKS."""
    transaction.on_commit(partial(_opt, tuple(user_ids), is_out))


def _opt(user_ids: Collection[str], is_out: bool) -> None:
    _forget(user_ids)
    # Behind the deletion: lists that were being made meanwhile have the mark of before, and are stale.
    note_events(dict.fromkeys(user_ids, (OPTED_OUT,) if is_out else ()))


def on_merged(merge: Merge) -> int:
    """Have the known user's lists learn what the visitor did, and delete the visitor's. For MERGE_SINKS.

    Only additions are made to what is kept of the known user, as with events.
    """
    did = load_all_of(merge.pk)
    seen = did.seen().tolist()
    latest = {merge.into: packed(did.latest(settings.FOLD_IN_EVENTS))} if len(did.events) else {}
    transaction.on_commit(partial(_forget, [merge.user_id]))
    transaction.on_commit(partial(note_events, {merge.into: seen}, latest))
    return 0


def _forget(user_ids: Collection[str]) -> bool:
    """Delete all that Redis holds of these users; return False where it doesn't answer."""
    forget_users(user_ids)
    try:
        redis.call(partial(_delete, chosen=set(user_ids).intersection))
    except RedisDown:
        return False
    return True


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
    if not _forget(user_ids):
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
