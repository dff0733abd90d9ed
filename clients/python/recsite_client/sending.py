"""Send events in batches in the background, from a thread or from a task of asyncio."""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from recsite_client.answers import Event
from recsite_client.client import AsyncClient, Client
from recsite_client.pending import OnFailure, Pending, Undelivered

__all__ = ["AsyncEventBuffer", "EventBuffer", "Undelivered"]
PATIENCE = 10.0
"""Seconds that closing waits for the server."""


class EventBuffer:
    """Take events in at once, and send them from a thread; events that wait are sent at the program's end.

    An event gets its id and time when it is added. While the server can't be reached events wait, up to `capacity` of
    them; one that is not stored is told to `on_failure`, and logged where there is none. `counts` says what became of
    all. A batch is sent when it is full, and at the latest `interval` seconds after its first event.
    """

    def __init__(self, client: Client, on_failure: OnFailure | None = None, **options: Any) -> None:
        self._client = client
        self._pending = Pending(on_failure, **options)
        self._changed = threading.Condition()
        self._is_hurried = self._is_closed = False
        self._thread: threading.Thread | None = None
        atexit.register(self.close)

    @property
    def counts(self) -> Counter[str]:
        """Return how many events were accepted, duplicate, refused, erased or undelivered."""
        return Counter(self._pending.counts)

    @property
    def left(self) -> int:
        """Return how many events wait."""
        return self._pending.left

    def add(self, event: Event) -> bool:
        """Take an event in. False where the buffer is full or closed, which `on_failure` is told as well."""
        is_in = self._pending.put(event)
        with self._changed:
            if self._is_closed:
                self._pending.give_up()
                return False
            # Begun here: a thread that was begun before a fork is gone in the child.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="recsite events", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return is_in

    def flush(self, timeout: float | None = PATIENCE) -> bool:
        """Send what waits, and tell if all of it was settled in time."""
        with self._changed:
            self._is_hurried = True
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self.left, timeout)
            finally:
                self._is_hurried = False

    def close(self, timeout: float = PATIENCE) -> None:
        """Send what waits; what can't be sent in time is told to `on_failure`."""
        atexit.unregister(self.close)
        self.flush(timeout)
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(timeout if self.left else None)
        self._pending.give_up()

    def __enter__(self) -> EventBuffer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        while self._wait_for_events():
            pause = self._client.run(self._pending.deliver)
            with self._changed:
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._is_closed, pause)

    def _wait_for_events(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self.left or self._is_closed)
            self._changed.wait_for(
                lambda: self.left >= self._pending.batch_size or self._is_hurried or self._is_closed,
                self._pending.interval,
            )
            return not self._is_closed


class AsyncEventBuffer:
    """Take events in at once, and send them from a task: EventBuffer for asyncio, to be closed by `aclose`."""

    def __init__(self, client: AsyncClient, on_failure: OnFailure | None = None, **options: Any) -> None:
        self._client = client
        self._pending = Pending(on_failure, **options)
        self._is_hurried = self._is_closed = False
        self._changed, self._settled = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # At the program's end no loop runs that could send them; they are told of all the same.
        atexit.register(self._pending.give_up)

    @property
    def counts(self) -> Counter[str]:
        """Return how many events were accepted, duplicate, refused, erased or undelivered."""
        return Counter(self._pending.counts)

    @property
    def left(self) -> int:
        """Return how many events wait."""
        return self._pending.left

    def add(self, event: Event) -> bool:
        """Take an event in. False where the buffer is full or closed, which `on_failure` is told as well."""
        is_in = self._pending.put(event)
        if self._is_closed:
            self._pending.give_up()
            return False
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work(), name="recsite events")
        self._changed.set()
        return is_in

    async def flush(self, timeout: float | None = PATIENCE) -> bool:
        """Send what waits, and tell if all of it was settled in time."""
        self._is_hurried = True
        self._changed.set()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._until_settled(), timeout)
        self._is_hurried = False
        return not self.left

    async def aclose(self, timeout: float = PATIENCE) -> None:
        """Send what waits; what can't be sent in time is told to `on_failure`."""
        atexit.unregister(self._pending.give_up)
        await self.flush(timeout)
        self._is_closed = True
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._pending.give_up()

    async def __aenter__(self) -> AsyncEventBuffer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _until_settled(self) -> None:
        while self.left:
            self._settled.clear()
            await self._settled.wait()

    async def _work(self) -> None:
        while True:
            await self._wait_for_events()
            pause = await self._client.run(self._pending.deliver)
            self._settled.set()
            await asyncio.sleep(pause)

    async def _wait_for_events(self) -> None:
        while not self.left:
            self._changed.clear()
            await self._changed.wait()
        ends = time.monotonic() + self._pending.interval
        while self.left < self._pending.batch_size and not self._is_hurried and (rest := ends - time.monotonic()) > 0:
            self._changed.clear()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), rest)
