"""Redis hears of events; where it is gone, when it is back."""

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from django.conf import settings
from django.db import connection

from recommender.cache import histories
from recommender.cache.keys import LISTS_GENERATION, generation, keys_of_each
from recommender.cache.lists import new_mark
from recsite.platform import generations, redis
from recsite.platform.redis import Client, Command, RedisDown

MOST_UNTOLD = 10_000
"""People kept in mind while Redis is gone; when there are more, everybody's lists are made anew."""

MOST_BYTES = 1_000_000
"""The most that is kept in mind of what one of them did."""

Did = Mapping[str, bytes]
"""What people did, by the ids of the outside, as records of `histories`."""

NOTHING_DONE: Did = MappingProxyType({})

Seen = Mapping[str, Collection[int]]
"""The items (internal ids) that people, by the ids of the outside, have seen now; nothing but the news, where empty."""


class _Untold:
    """Hold what this process has yet to tell Redis."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.lock = threading.RLock()
        self.people: dict[str, set[int]] = {}
        self.did: dict[str, bytes] = {}


_untold = _Untold()


def note_events(people: Seen, did: Did = NOTHING_DONE) -> None:
    """These people did something: their candidates are stale, and what they have seen now is seen.

    `did` is what their lists learn from (see `histories`).

    Raises nothing: where Redis doesn't take it, it is told before Redis is used again.
    """
    try:
        # Keys carry a generation, and what counts is the one that is published now, after the commit (see the package's
        # text). The same trip says which one it is: nearly always the one that this process knows already.
        while True:
            written = generation()
            generations.exchange(*_commands(people, did))
            if generation() == written:
                return
    except RedisDown:
        _remember(people, did)


def tell_the_rest() -> None:
    """Tells what Redis didn't take before. Raises RedisDown; whoever reads from Redis calls this first."""
    if _untold.people:
        redis.call(_tell)


def forget_users(user_ids: Collection[str]) -> None:
    """Drop what this process has yet to tell of these users: they were erased."""
    with _untold.lock:
        for user_id in user_ids:
            _untold.people.pop(user_id, None)
            _untold.did.pop(user_id, None)


def forget() -> None:
    """As if the process had just started, for tests."""
    _untold.forget()


def _remember(people: Seen, did: Did) -> None:
    with _untold.lock:
        if not _untold.people:
            # Should this process be killed, the next one that starts keeps the promise.
            generations.mark_dirty(LISTS_GENERATION)
        for user_id, seen in people.items():
            _untold.people.setdefault(user_id, set()).update(seen)
        for user_id, records in did.items():
            _untold.did[user_id] = _untold.did.get(user_id, b"") + records
        if len(_untold.people) > MOST_UNTOLD or any(len(_untold.did[one]) > MOST_BYTES for one in did):
            generations.bump(LISTS_GENERATION)
            _untold.people, _untold.did = {}, {}


def _tell(client: Client) -> None:
    with _untold.lock:
        if _untold.people:
            redis.exchange(client, *_commands(_untold.people, _untold.did))
            _untold.people, _untold.did = {}, {}
            generations.clear_dirty(LISTS_GENERATION)


def _commands(people: Seen, did: Did) -> Iterator[Command]:
    seconds = 2 * settings.CANDIDATE_TTL_SECS
    for user_id, keys, seen in zip(people, keys_of_each(people), people.values(), strict=True):
        if user_id in did:
            yield histories.append(keys, did[user_id])
        if seen:
            yield "SADD", keys.seen, *seen
            yield "EXPIRE", keys.seen, seconds
        yield "SET", keys.mark, new_mark(), "EX", seconds


def _catch_up(client: Client) -> None:
    try:
        _tell(client)
    finally:
        connection.close()


redis.on_recovery.append(_catch_up)
