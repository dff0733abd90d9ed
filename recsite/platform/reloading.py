"""Copies in a process's memory of something that others change."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from recsite.platform import generations
from recsite.platform.exceptions import UserFacingError
from recsite.platform.replica import routing

T = TypeVar("T")
logger = logging.getLogger(__name__)
REST = 10
"""Reading again waits this many times as long as reading took: what is large and always changes stays usable."""

RETRY_SECONDS = 5.0

NEVER = -1
"""The generation of a makeshift: it differs from every real one, so that reading is tried again."""


@dataclass(frozen=True)
class _Held(Generic[T]):
    value: T
    generation: int


class Reloading(Generic[T]):
    """Read at the first use, and again when its generation rises. One thread reads; others use the old copy meanwhile.

    Where reading again fails, the old copy goes on serving and `fault` says why.
    """

    def __init__(self, generation: str, read: Callable[[], T], makeshift: Callable[[], T] | None = None) -> None:
        """Take how to read it, and a `makeshift` for when the very first reading fails."""
        self.generation, self._read, self._makeshift = generation, read, makeshift
        self._lock = threading.Lock()
        self._held: _Held[T] | None = None
        self._not_before = 0.0
        self.fault = ""

    def current(self) -> T:
        """Return the copy. Raises what `read` raised where there was never one, and no makeshift."""
        held = self._held
        if held is None:
            return self._first()
        if generations.current(self.generation) != held.generation and time.monotonic() >= self._not_before:
            self._again()
        return (self._held or held).value

    def hurry(self) -> None:
        """Let the next use read again where the generation has risen, however short the time since the last reading."""
        self._not_before = 0.0

    def replace(self, old: T, new: T) -> None:
        """Put `new` in the place of `old`, unless somebody has read again meanwhile."""
        with self._lock:
            if self._held and self._held.value is old:
                self._held = _Held(new, self._held.generation)

    def forget(self) -> None:
        """Forget everything, as if the process had just started; for tests."""
        self._held, self._not_before, self.fault = None, 0.0, ""

    def _first(self) -> T:
        with self._lock:
            if self._held is None:
                self._held = self._try(self._makeshift)
            return self._held.value

    def _again(self) -> None:
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._held = self._try(None)
        except Exception:
            logger.warning("The copy of before stays in use.")
        finally:
            self._lock.release()

    def _try(self, makeshift: Callable[[], T] | None) -> _Held[T]:
        # The generation first: a change that comes while we read makes us read again.
        generation, started = generations.current(self.generation), time.monotonic()
        try:
            # From the primary: what a replica doesn't have yet would be missing until the next change.
            with routing.reading(may_be_old=False):
                value, self.fault = self._read(), ""
        except Exception as error:
            self._not_before = time.monotonic() + RETRY_SECONDS
            self.fault = str(error) if isinstance(error, UserFacingError) else f"{type(error).__name__}: {error}"
            logger.error(
                "What is called %s can't be read: %s",
                self.generation,
                error,
                exc_info=not isinstance(error, UserFacingError),
            )
            if makeshift is None:
                raise
            return _Held(makeshift(), NEVER)
        self._not_before = time.monotonic() + REST * (time.monotonic() - started)
        return _Held(value, generation)
