"""What is kept of a person in Redis, and how it is packed: raw little-endian arrays behind a short head."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import Any, Self

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from recommender.cache.keys import Keys
from recommender.engine.algorithms import ALGORITHMS
from recsite.platform import redis
from recsite.platform.redis import Command

COMPLETE = 0
"""The member of a seen set that says that nothing is missing; items' ids start at 1."""

NOBODY = -1
"""The internal id of a person whom the database doesn't know."""

STRANGER_SECS = 300
"""How long it is remembered that somebody is unknown: anybody can ask for any name."""

_WITHOUT_A_MODEL = {"fold-in": 1, "latest": 3, "exploration": 13, "bought-together": 15, "stated_preferences": 16}
_NUMBERS = {name: one.source for name, one in ALGORITHMS.items()} | _WITHOUT_A_MODEL
SOURCES = tuple(sorted(_NUMBERS, key=_NUMBERS.__getitem__))
"""What may have put an item into a list, by the number that cached lists and impressions store."""

HEADER = Struct("<B??x8sqIHxx")
FORMAT = 4

NO_NUMBERS = np.empty(0, np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """The best items for one person, or the note that she gets what everybody gets."""

    person: int
    """Internal id, or NOBODY."""
    is_personal: bool
    items: NDArray[np.integer]
    """Internal ids (n,), best first; empty where it isn't personal."""
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]
    ratings: NDArray[np.float32] = field(default_factory=lambda: NO_NUMBERS)
    """Predicted ratings (n,) and their deviations, of people whom the rating model doesn't know; else empty."""
    deviations: NDArray[np.float32] = field(default_factory=lambda: NO_NUMBERS)
    taste: NDArray[np.float32] = field(default_factory=lambda: NO_NUMBERS)
    """What items that come later are worth to her (see `candidates.newcomers`); empty where nothing says so."""

    @classmethod
    def impersonal(cls, person: int) -> Self:
        return cls(person, False, np.empty(0, np.int64), NO_NUMBERS, np.empty(0, np.uint8))


@dataclass(frozen=True, slots=True)
class Found:
    """What Redis knows of a person."""

    candidates: Candidates | None = None
    is_fresh: bool = False
    """Whether the candidates know of the latest event."""
    seen: frozenset[int] | set[int] = frozenset()
    seen_is_complete: bool = False
    mark: bytes = b""


NOTHING = Found()


def look_up(keys: Keys) -> Found:
    """Everything about a person in one round trip. Raises RedisDown."""
    (packed, mark), seen = redis.roundtrip(("MGET", keys.candidates, keys.mark), ("SMEMBERS", keys.seen))
    members = set(map(int, seen))
    is_complete = COMPLETE in members
    members.discard(COMPLETE)
    found_mark, candidates = _unpack(packed) if packed else (b"", None)
    return Found(candidates, bool(mark) and found_mark == mark, members, is_complete, mark or b"")


def new_mark() -> bytes:
    return secrets.token_bytes(8)


def marks(people: Iterable[Keys]) -> list[bytes]:
    """The marks of many people, new ones where there are none. Raises RedisDown."""
    return [mark or new_mark() for mark in redis.roundtrip(*(("GET", keys.mark) for keys in people))]


def keep(keys: Keys, mark: bytes, candidates: Candidates) -> Iterator[Command]:
    """The commands that store candidates.

    `mark` is what was there before the first row was read for the candidates, or a new one where there was none.
    """
    seconds = settings.CANDIDATE_TTL_SECS
    if candidates.person == NOBODY:
        seconds = min(seconds, STRANGER_SECS)
    yield "SET", keys.mark, mark, "NX", "EX", 2 * seconds
    yield "EXPIRE", keys.mark, 2 * seconds
    yield "SET", keys.candidates, _pack(mark, candidates), "EX", seconds


def keep_seen(keys: Keys, seen: Iterable[int]) -> Iterator[Command]:
    """The commands that store everything a person has seen; what is stored already stays."""
    yield "SADD", keys.seen, COMPLETE, *seen
    yield "EXPIRE", keys.seen, 2 * settings.CANDIDATE_TTL_SECS


def store(commands: Iterable[Command]) -> None:
    """Runs what `keep` and `keep_seen` say. Raises RedisDown; nothing is lost by that."""
    redis.roundtrip(*commands)


def memory(people: Sequence[Keys]) -> float:
    """The bytes that Redis spends on each of these people. Raises RedisDown."""
    keys = [key for keys in people for key in (keys.candidates, keys.seen, keys.mark)]
    sizes = redis.roundtrip(*(("MEMORY", "USAGE", key, "SAMPLES", 0) for key in keys)) if keys else []
    return sum(size or 0 for size in sizes) / max(len(people), 1)


def _pack(mark: bytes, candidates: Candidates) -> bytes:
    is_rated = len(candidates.ratings) > 0
    n, d = len(candidates.items), len(candidates.taste)
    head = HEADER.pack(FORMAT, candidates.is_personal, is_rated, mark, candidates.person, n, d)
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
    """The mark and the candidates; nothing where another format, or somebody else, wrote them."""
    if packed[:1] != bytes([FORMAT]):
        return b"", None
    _, is_personal, is_rated, mark, person, n, d = HEADER.unpack_from(packed)
    start = HEADER.size
    return mark, Candidates(
        person=person,
        is_personal=is_personal,
        items=_array("<u4", packed, n, start),
        scores=_array("<f4", packed, n, start + 4 * n),
        sources=_array("u1", packed, n, start + 8 * n),
        ratings=_array("<f4", packed, n, start + 9 * n) if is_rated else NO_NUMBERS,
        deviations=_array("<f4", packed, n, start + 13 * n) if is_rated else NO_NUMBERS,
        taste=_array("<f2", packed, d, len(packed) - 2 * d).astype(np.float32) if d else NO_NUMBERS,
    )


def _array(kind: str, packed: bytes, n: int, start: int) -> NDArray[Any]:
    return np.frombuffer(packed, kind, n, start)
