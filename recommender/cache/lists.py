"""Store a user's candidates and seen items in Redis: raw little-endian arrays behind a short header."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Any, NamedTuple, Self

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from recommender.cache.about import pack_about, unpack_about
from recommender.cache.keys import Keys
from recommender.engine.algorithms import ALGORITHMS
from recsite.platform import redis
from recsite.platform.redis import Command

COMPLETE = 0
"""The member of a seen set that says that nothing is missing; items' ids start at 1."""

OPTED_OUT = -1
"""The member of a seen set that says that the user opted out: nothing else of them counts."""

NOBODY = -1
"""The internal id of a user whom the database doesn't know."""

STRANGER_SECS = 300
"""How long it is remembered that a user is unknown: anybody can ask for any name."""

SUPERSEDED_SECS = 900
"""How long a user's candidates stay once others are stored under another key: a rollback soon after finds them."""

_WITHOUT_A_MODEL = {
    "fold-in": 1,
    "latest": 3,
    "exploration": 13,
    "bought-together": 15,
    "stated_preferences": 16,
    "rule": 17,
}
_NUMBERS = {name: one.source for name, one in ALGORITHMS.items()} | _WITHOUT_A_MODEL
SOURCES = tuple(sorted(_NUMBERS, key=_NUMBERS.__getitem__))
"""What may have put an item into a list, by the number that cached lists and impressions store."""

STATED = SOURCES.index("stated_preferences")

HEADER = Struct("<B?xx8sqIHH")
FORMAT = 5

NO_NUMBERS = np.empty(0, np.float32)


class Candidates(NamedTuple):
    """Hold the best items for one user, or the note that they get what everybody gets."""

    person: int
    """Internal id, or NOBODY."""
    is_personal: bool
    items: NDArray[np.integer]
    """Internal ids (n,), best first; empty where it isn't personal."""
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]
    ratings: NDArray[np.float32] = NO_NUMBERS
    """Ratings (k,) of the first k items, predicted by the rating model, and their deviations; see `ratings.predict`."""
    deviations: NDArray[np.float32] = NO_NUMBERS
    taste: NDArray[np.float32] = NO_NUMBERS
    """What places items that come later (see `candidates.new_items`); empty where nothing is known of the user."""

    @classmethod
    def impersonal(cls, person: int) -> Self:
        return cls(person, False, np.empty(0, np.int64), NO_NUMBERS, np.empty(0, np.uint8))


class CachedEntry(NamedTuple):
    """Hold what Redis knows of a user."""

    candidates: Candidates | None = None
    is_fresh: bool = False
    """True where the candidates know of the latest event."""
    seen: frozenset[int] | set[int] = frozenset()
    seen_is_complete: bool = False
    mark: bytes = b""
    about: Mapping[str, Any] | None = None
    """What filter expressions ask of the user, where it was asked for and Redis knows it."""


EMPTY = CachedEntry()


def look_up(keys: Keys) -> CachedEntry:
    """Return everything about a user in one round trip. Raises RedisDown."""
    (found,) = look_up_many([keys])
    return found


def look_up_many(users: Sequence[Keys], with_about: bool = False) -> list[CachedEntry]:
    """Return the same of each of many users, in one round trip for all. Raises RedisDown."""
    # The limit of requests travels along: one trip for a cached answer.
    commands = (command for keys in users for command in _asked(keys, with_about))
    answers = iter(redis.roundtrip(*commands, takes_along=True))
    return [_entry(*values, seen=seen) for values, seen in zip(answers, answers, strict=True)]


def _asked(keys: Keys, with_about: bool) -> tuple[Command, Command]:
    own: Command = ("MGET", keys.candidates, keys.mark)
    return (*own, keys.about) if with_about else own, ("SMEMBERS", keys.seen)


def _entry(
    packed: bytes | None, mark: bytes | None, about: bytes | None = None, *, seen: Iterable[bytes]
) -> CachedEntry:
    members = set(map(int, seen))
    is_complete = COMPLETE in members
    members.discard(COMPLETE)
    found_mark, candidates = _unpack(packed) if packed else (b"", None)
    if OPTED_OUT in members:
        # What was being made while they opted out may have come back.
        members, is_complete = set(), False
        candidates = candidates if candidates and candidates.person == NOBODY else None
    known, _ = unpack_about(about, mark or b"")
    return CachedEntry(candidates, bool(mark) and found_mark == mark, members, is_complete, mark or b"", known)


def new_mark() -> bytes:
    return secrets.token_bytes(8)


def marks(users: Iterable[Keys]) -> list[bytes]:
    """Return the marks of many users, new ones where there are none. Raises RedisDown."""
    return [mark or new_mark() for mark in redis.roundtrip(*(("GET", keys.mark) for keys in users))]


def are_up_to_date(users: Sequence[Keys]) -> list[bool]:
    """Return, of many users, whose candidates would be made again just the same. Raises RedisDown.

    They know of the latest event, the seen items are complete, and more than half of their time is left: so those that
    are about to go, superseded ones too, are made again.
    """
    if not users:
        return []
    commands = [command for keys in users for command in _peek(keys)]
    answers = iter(redis.roundtrip(*commands))
    left = settings.CANDIDATE_TTL_SECS / 2
    return [
        bool(mark) and _mark_of(head) == mark and ttl > left and bool(is_complete)
        for mark, head, ttl, is_complete in zip(answers, answers, answers, answers, strict=True)
    ]


def _peek(keys: Keys) -> Iterator[Command]:
    yield "GET", keys.mark
    yield "GETRANGE", keys.candidates, 0, HEADER.size - 1
    yield "TTL", keys.candidates
    yield "SISMEMBER", keys.seen, COMPLETE


def keep(keys: Keys, mark: bytes, candidates: Candidates) -> Iterator[Command]:
    """Yield the commands that store candidates.

    `mark` is what was there before the first row was read for the candidates, or a new one where there was none.
    """
    seconds = settings.CANDIDATE_TTL_SECS
    if candidates.person == NOBODY:
        seconds = min(seconds, STRANGER_SECS)
    elif STATED in candidates.sources:
        seconds = min(seconds, settings.USER_PREFERENCE_CACHE_TTL_SECS)
    yield "SET", keys.mark, mark, "NX", "EX", 2 * seconds
    yield "EXPIRE", keys.mark, 2 * seconds
    yield "SET", keys.candidates, _pack(mark, candidates), "EX", seconds
    yield "SET", keys.latest, keys.candidates, "EX", seconds, "GET"


def keep_about_first(keys: Keys, mark: bytes, about: Mapping[str, Any], *, is_known: bool) -> Iterator[Command]:
    """Yield the commands that store what filters ask of a user whose candidates may not be made yet, and so no mark.

    `mark` is the one before it was read, empty where there was none. An event that comes meanwhile sets another one,
    which stays: then what was read is stale at once.
    """
    seconds = settings.CANDIDATE_TTL_SECS if is_known else min(settings.CANDIDATE_TTL_SECS, STRANGER_SECS)
    mark = mark or new_mark()
    yield "SET", keys.mark, mark, "NX", "EX", 2 * seconds
    yield "SET", keys.about, pack_about(mark, about), "EX", seconds


def keep_seen(keys: Keys, seen: Iterable[int]) -> Iterator[Command]:
    """Yield the commands that store everything a user has seen; what is stored already stays."""
    yield "SADD", keys.seen, COMPLETE, *seen
    yield from prolong_seen(keys)


def prolong_seen(keys: Keys) -> Iterator[Command]:
    """Yield the command that keeps complete seen items for as long as candidates that are stored now may be needed."""
    yield "EXPIRE", keys.seen, 2 * settings.CANDIDATE_TTL_SECS


def store(commands: Iterable[Command]) -> None:
    """Run the commands of `keep` and `keep_seen`; have what they supersede expire soon.

    Raises RedisDown; nothing is lost by that.
    """
    sent = list(commands)
    replaced = {
        (before, command[2])
        for command, before in zip(sent, redis.roundtrip(*sent), strict=True)
        if command[-1] == "GET" and before
    }
    # Candidates of another digest, or of an earlier generation. Most writes supersede nothing.
    superseded = [before for before, now in replaced if before != str(now).encode()]
    if superseded:
        redis.roundtrip(*(("EXPIRE", key, SUPERSEDED_SECS) for key in superseded))


def memory(users: Sequence[Keys]) -> float:
    """Return the bytes that Redis spends on each of these users. Raises RedisDown."""
    keys = [
        key for keys in users for key in (keys.candidates, keys.seen, keys.mark, keys.history, keys.about, keys.latest)
    ]
    sizes = redis.roundtrip(*(("MEMORY", "USAGE", key, "SAMPLES", 0) for key in keys)) if keys else []
    return sum(size or 0 for size in sizes) / max(len(users), 1)


def _pack(mark: bytes, candidates: Candidates) -> bytes:
    n, d, rated = len(candidates.items), len(candidates.taste), len(candidates.ratings)
    head = HEADER.pack(FORMAT, candidates.is_personal, mark, candidates.person, n, d, rated)
    arrays: list[tuple[NDArray[Any], str]] = [
        (candidates.items, "<u4"),
        (candidates.scores, "<f4"),
        (candidates.sources, "u1"),
        (candidates.ratings, "<f4"),
        (candidates.deviations, "<f4"),
        (candidates.taste, "<f2"),
    ]
    return head + b"".join(array.astype(kind).tobytes() for array, kind in arrays)


def _unpack(packed: bytes) -> tuple[bytes, Candidates | None]:
    """Return the mark and the candidates; nothing where another format, or somebody else, wrote them."""
    if packed[:1] != bytes([FORMAT]):
        return b"", None
    _, is_personal, mark, person, n, d, rated = HEADER.unpack_from(packed)
    start = HEADER.size
    return mark, Candidates(
        person=person,
        is_personal=is_personal,
        items=_array("<u4", packed, n, start),
        scores=_array("<f4", packed, n, start + 4 * n),
        sources=_array("u1", packed, n, start + 8 * n),
        ratings=_array("<f4", packed, rated, start + 9 * n),
        deviations=_array("<f4", packed, rated, start + 9 * n + 4 * rated),
        taste=_array("<f2", packed, d, len(packed) - 2 * d).astype(np.float32) if d else NO_NUMBERS,
    )


def _mark_of(head: bytes) -> bytes:
    """Return the mark in the header of packed candidates; nothing where another format, or somebody else, wrote it."""
    is_ours = len(head) == HEADER.size and head[:1] == bytes([FORMAT])
    mark: bytes = HEADER.unpack(head)[2] if is_ours else b""
    return mark


def _array(kind: str, packed: bytes, n: int, start: int) -> NDArray[Any]:
    return np.frombuffer(packed, kind, n, start)
