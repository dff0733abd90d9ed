"""Keep what users did lately in Redis: a string of records per user, to which each event appends its own.

It has the guarantees of seen items (see the package's text). It is bounded: beyond MOST times as many records as
folding in uses, the first ones go, and COMPLETE with them, so that the next reader asks the database.
"""

from collections.abc import Iterator
from hashlib import md5
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from interactions.store import StoredEvent
from recommender.cache.keys import Keys
from recommender.dataset import RECENT, RecentEvents, microseconds_of
from recommender.engine.types import IdMap
from recsite.platform import redis
from recsite.platform.redis import Command

RECORD = np.dtype(
    [
        ("id", "<i8"),
        ("item", "<u4"),
        ("type", "<i2"),
        ("value", "<f4"),
        ("time", "<i8"),
        ("received", "<i8"),
        ("undated", "?"),
    ]
)
COMPLETE = np.zeros(1, RECORD).tobytes()
"""The record that says that nothing is missing; events' ids start at 1."""

MOST = 3
APPEND = """
if redis.call('APPEND', KEYS[1], ARGV[1]) > tonumber(ARGV[2]) then
    local last, kept = redis.call('GETRANGE', KEYS[1], -ARGV[3], -1), {}
    for start = 1, #last, #ARGV[4] do
        local one = string.sub(last, start, start + #ARGV[4] - 1)
        if one ~= ARGV[4] then table.insert(kept, one) end
    end
    redis.call('SET', KEYS[1], table.concat(kept))
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
"""


def record(event: StoredEvent, kind: int, received_at: int) -> bytes:
    """Return an event of a type (its id) as one record; `received_at` in microseconds as PostgreSQL counts them."""
    value = np.nan if event.value is None else event.value
    time = microseconds_of(event.occurred_at)
    one = (event.pk, event.item_pk, kind, value, time, received_at, event.undated)
    return np.array(one, RECORD).tobytes()


def append(keys: Keys, records: bytes) -> Command:
    """Return the command that adds records of events to what a user did."""
    kept = settings.FOLD_IN_EVENTS * RECORD.itemsize
    return "EVAL", APPEND, 1, keys.history, records, MOST * kept, kept, COMPLETE, 2 * settings.CANDIDATE_TTL_SECS


def keep_history(keys: Keys, known: RecentEvents) -> Iterator[Command]:
    """Yield the commands that store the latest events of one user, as they were read."""
    yield "APPEND", keys.history, _packed(known.events) + COMPLETE
    yield "EXPIRE", keys.history, 2 * settings.CANDIDATE_TTL_SECS


def history(keys: Keys, person: int) -> RecentEvents | None:
    """Return the latest events of a user (internal id); None where Redis doesn't have them all. Raises RedisDown."""
    (packed,) = redis.roundtrip(("GET", keys.history))
    found = np.frombuffer(packed or b"", RECORD)
    ids, places = np.unique(found["id"], return_index=True)
    if not len(ids) or ids[0] != 0:
        return None
    return RecentEvents(IdMap(np.array([person], np.int64)), _unpacked(_latest(found[places[1:]]), person))


def packed(known: RecentEvents) -> bytes:
    """Return events as records, to be added to another user's."""
    return _packed(known.events)


def _latest(found: NDArray[np.void]) -> NDArray[np.void]:
    """Return those that the database would return of one user: of equal times, those of the least md5 (`dataset`)."""
    n = settings.FOLD_IN_EVENTS
    if len(found) <= n:
        return found
    found = found[np.argsort(-found["time"], kind="stable")]
    ties = np.flatnonzero(found["time"] == found["time"][n - 1])
    first = ties[0]
    tied = sorted(found[ties].tolist(), key=lambda one: md5(str(one[0]).encode()).digest())
    return np.concatenate([found[:first], np.array(tied[: n - first], RECORD)])


def _packed(events: NDArray[np.void]) -> bytes:
    return _converted(events, RECORD).tobytes()


def _unpacked(found: NDArray[np.void], person: int) -> NDArray[np.void]:
    events = _converted(found, RECENT)
    events["user"] = person
    return events


def _converted(rows: NDArray[np.void], to: np.dtype[Any]) -> NDArray[np.void]:
    out = np.zeros(len(rows), to)
    for name in RECORD.names or ():
        out[name] = rows[name]
    return out
