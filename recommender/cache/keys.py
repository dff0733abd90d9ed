"""Under which keys a person's things lie."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from interactions import producers, types
from recsite.platform import generations

LISTS_EPOCH = "lists"
EPOCHS = (LISTS_EPOCH, types.EPOCH, producers.BULK_EPOCH)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one person in one generation."""

    candidates: str
    seen: str
    mark: str


def keys_of(user_id: str, release: int = 0, algorithm: str = "") -> Keys:
    """A person's keys in the present generation; candidates only where a release and an algorithm are named."""
    return _keys(_generation(), user_id, release, algorithm)


def keys_of_each(people: Iterable[str]) -> Iterator[Keys]:
    """The keys of many, all of one generation."""
    generation = _generation()
    return (_keys(generation, user_id) for user_id in people)


def _keys(generation: int, user_id: str, release: int = 0, algorithm: str = "") -> Keys:
    # The braces keep a person's keys on one node of a cluster, where MGET needs them.
    start, person = f"rec:{generation:08x}", f"{{{user_id}}}"
    return Keys(
        candidates=f"{start}:r{release}:{algorithm}:{person}",
        seen=f"{start}:seen:{person}",
        mark=f"{start}:mark:{person}",
    )


def _generation() -> int:
    """Another one whenever lists in general are out of date.

    Types were edited, events imported, or told of by nobody; or Redis was restarted, which may have cost
    it what it had acknowledged last.
    """
    return crc32(b"%d %s" % (sum(map(generations.current, EPOCHS)), generations.redis_run()))
