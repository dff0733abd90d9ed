"""Hold the events that wait to be sent, and decide what becomes of each: nothing is lost without being told."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recsite_client.answers import Event
from recsite_client.calls import post
from recsite_client.errors import NoAnswer, RateLimited, RecsiteError, ServerError, TooLarge
from recsite_client.event_ids import dated
from recsite_client.talks import Plan, Retries, ask

logger = logging.getLogger("recsite_client")
MOST = 1_000
"""Events that the server takes at once."""

UNDELIVERED = "undelivered"
NOT_STORED = frozenset({"refused", "erased"})
ONCE = Retries(attempts=1)
FULL = "The buffer is full: the server takes less than is sent, or can't be reached."
OVER = "The program ended before the server could be reached."


@dataclass(frozen=True)
class Undelivered:
    """Tell of an event that was not stored, and why."""

    event: Event
    reason: str
    error: RecsiteError | None = None
    """What the server answered to the whole request; None where it refused the one event, or was not asked."""


OnFailure = Callable[[Undelivered], None]


class Pending:
    """Hold the events, for threads and for asyncio alike. It waits for nothing and sends nothing by itself."""

    def __init__(
        self,
        on_failure: OnFailure | None = None,
        *,
        batch_size: int = 500,
        interval: float = 1.0,
        capacity: int = 10_000,
        retries: Retries | None = None,
    ) -> None:
        if not 1 <= batch_size <= MOST:
            raise ValueError(f"batch_size must be from 1 to {MOST}.")
        self.batch_size = batch_size
        self.interval = interval
        self.counts: Counter[str] = Counter()
        self._capacity = capacity
        # Events wait in the buffer as long as it takes: attempts are not counted.
        self._retries = retries or Retries()
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._batch: list[Event] = []
        self._largest = batch_size
        self._faults = 0

    @property
    def left(self) -> int:
        """Return how many events wait or are under way."""
        with self._lock:
            return len(self._events) + len(self._batch)

    def put(self, event: Event) -> bool:
        """Take an event in, with an id and so with its time. False, and a call of `on_failure`, where all is full."""
        with self._lock:
            if has_room := len(self._events) + len(self._batch) < self._capacity:
                self._events.append(dated(event))  # type: ignore[arg-type]  # the same fields
        if not has_room:
            self._fail([event], FULL)
        return has_room

    def deliver(self, _: Retries) -> Plan[float]:
        """Send the next batch, and return the seconds to wait before the next one."""
        batch = self._take()
        if not batch:
            return 0.0
        try:
            answer = yield from ask(post("interactions/bulk", body={"events": batch}), ONCE)
            self._settle(batch, answer["results"])
        except (RateLimited, ServerError, NoAnswer) as error:
            return self._wait(error.retry_after)
        except TooLarge as error:
            self._largest = max(len(batch) // 2, 1)
            if len(batch) == 1:
                self._give_up_batch(error.message, error)
        except Exception as error:
            # A fault of the events' own, or of the key's: sending them again would not help.
            self._give_up_batch(str(error), error if isinstance(error, RecsiteError) else None)
        finally:
            # Also where a task is cancelled that waits for the answer.
            self._put_back()
        self._faults = 0
        return 0.0

    def give_up(self) -> None:
        """Tell of all events that are left."""
        self._put_back()
        with self._lock:
            rest = list(self._events)
            self._events.clear()
        self._fail(rest, OVER)

    def _take(self) -> list[Event]:
        with self._lock:
            self._batch = [self._events.popleft() for _ in range(min(self._largest, len(self._events)))]
            return list(self._batch)

    def _put_back(self) -> None:
        """Let those of the batch wait on that were neither stored nor told of."""
        with self._lock:
            self._events.extendleft(reversed(self._batch))
            self._batch = []

    def _give_up_batch(self, reason: str, error: RecsiteError | None) -> None:
        with self._lock:
            batch, self._batch = self._batch, []
        self._fail(batch, reason, error)

    def _wait(self, retry_after: float | None) -> float:
        self._faults += 1
        # The backoff grows no more after some faults; its attempts never end.
        attempt = max(min(self._faults, self._retries.attempts - 1), 1)
        return self._retries.wait(attempt, retry_after) or self._retries.longest_wait

    def _settle(self, batch: Sequence[Event], results: Sequence[Any]) -> None:
        self._largest = min(self._largest * 2, self.batch_size)
        with self._lock:
            self._batch = []
        for event, result in zip(batch, results, strict=True):
            if (status := result["status"]) in NOT_STORED:
                reasons = [f"{name}: {reason}" for name, reason in result.get("errors", {}).items()]
                self._tell(event, " ".join(reasons) or "The user was erased.")
            with self._lock:
                self.counts[status] += 1

    def _fail(self, events: Sequence[Event], reason: str, error: RecsiteError | None = None) -> None:
        with self._lock:
            self.counts[UNDELIVERED] += len(events)
        for event in events:
            self._tell(event, reason, error)

    def _tell(self, event: Event, reason: str, error: RecsiteError | None = None) -> None:
        if self._on_failure is None:
            logger.error("An event was not stored: %s", reason)
            return
        try:
            self._on_failure(Undelivered(event, reason, error))
        except Exception:
            logger.exception("The callback for events that were not stored failed.")
