"""Remember what was made for the last askers, by key: for values that depend on more than a function's arguments."""

from collections.abc import Hashable, MutableMapping
from threading import Lock
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_lock = Lock()


def remember(kept: MutableMapping[K, V], key: K, value: V, most: int) -> None:
    """Keep the value as the last used one, and forget those that were used longest ago, beyond `most`."""
    # Readers take no lock: a dict's own `get` is whole. Two writers could both forget the same one.
    with _lock:
        kept.pop(key, None)
        kept[key] = value
        while len(kept) > most:
            del kept[next(iter(kept))]
