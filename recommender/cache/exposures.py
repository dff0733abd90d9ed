"""How often items were shown in places that explore, until the database has counted it.

A Redis that loses its data loses what was counted since the last minute, and nothing else: new items are shown a little
longer.
"""

from collections.abc import Collection
from contextlib import suppress

from recsite.platform import redis
from recsite.platform.redis import RedisDown

EXPOSURES_EPOCH = "exposures"
SHOWN, TAKEN = "rec:{explored}:shown", "rec:{explored}:taken"


def note_exposures(items: Collection[int]) -> None:
    """These items (internal ids) were shown once more. Raises nothing."""
    if items:
        with suppress(RedisDown):
            redis.roundtrip(*(("HINCRBY", SHOWN, item, 1) for item in items))


def take_exposures() -> dict[int, int]:
    """What was noted, by item; call `exposures_counted` once it is stored. Raises RedisDown.

    What somebody took and did not store comes first.
    """
    there, waiting = redis.roundtrip(("EXISTS", TAKEN), ("EXISTS", SHOWN))
    if not there and waiting:
        redis.roundtrip(("RENAME", SHOWN, TAKEN))
    pairs = redis.roundtrip(("HGETALL", TAKEN))[0]
    # A list of names and numbers in turn, or a mapping, as the protocol has it.
    flat = [part for pair in pairs.items() for part in pair] if isinstance(pairs, dict) else pairs
    return dict(zip(map(int, flat[::2]), map(int, flat[1::2]), strict=True))


def exposures_counted() -> None:
    """What was taken last is stored. Raises RedisDown."""
    redis.roundtrip(("DEL", TAKEN))
