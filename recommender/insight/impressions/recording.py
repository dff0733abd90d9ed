"""From answers to rows, in batches: a request only puts its list into a buffer, and a thread stores what is there."""

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from prometheus_client import Counter

from recommender.models import ServedList
from recsite.platform import database
from recsite.platform.database import DatabaseDown

logger = logging.getLogger(__name__)
FLUSH_SECS = 1.0
MOST_WAITING = 20_000
"""Lists that a process holds while PostgreSQL is gone; beyond, the oldest are forgotten, and counted."""

BATCH = 2_000
lost = Counter("served_lists_lost_total", "Lists that were shown, and not recorded.")


class Shown(NamedTuple):
    """One list as it was shown; the fields are the columns of `ServedList`."""

    recommendation_id: UUID
    user_id: str
    kind: str
    placement: str
    algorithm: str
    version: int | None
    release: int | None
    variant: str
    items: Sequence[int]
    """Internal ids."""
    sources: Sequence[int]
    """Positions in `cache.SOURCES`."""
    first_rank: int
    served_at: datetime


COPY = f"COPY recommender_servedlist ({', '.join(Shown._fields)}) FROM STDIN"


class _Recorder:
    """What this process has shown and not yet stored. Its thread starts with the first list, so after the fork."""

    def __init__(self) -> None:
        self.waiting: deque[Shown] = deque()
        self._lock, self._storing = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, shown: Shown) -> None:
        self.waiting.append(shown)
        if len(self.waiting) > MOST_WAITING:
            self._forget_the_oldest()
        if self._thread is None and settings.SERVED_LISTS_IN_BACKGROUND:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, daemon=True, name="served-lists")
                    self._thread.start()

    def flush(self) -> int:
        """Stores what waits; how many lists it was. Raises DatabaseDown: they wait on."""
        stored = 0
        with self._storing:
            while batch := [self.waiting.popleft() for _ in range(min(len(self.waiting), BATCH))]:
                try:
                    database.ask(lambda rows=batch: _store(rows))  # type: ignore[misc]  # each its own rows
                except DatabaseDown:
                    self.waiting.extendleft(reversed(batch))
                    raise
                except Exception:
                    logger.exception("%d served lists can't be stored.", len(batch))
                    lost.inc(len(batch))
                    continue
                stored += len(batch)
        return stored

    def _forget_the_oldest(self) -> None:
        with suppress(IndexError):
            self.waiting.popleft()
            lost.inc()

    def _work(self) -> None:
        pause = threading.Event()
        while not pause.wait(FLUSH_SECS):
            if not self.waiting:
                continue
            try:
                self.flush()
            except DatabaseDown as down:
                logger.warning("%d served lists wait: %s", len(self.waiting), down)
            finally:
                connection.close()


def record(shown: Shown) -> None:
    """Notes a list that somebody is shown; an empty one is none. Raises nothing, and waits for nobody."""
    if shown.items:
        _held.recorder.add(shown)


def flush() -> int:
    """Stores what this process has noted; how many lists it was. Raises DatabaseDown."""
    return _held.recorder.flush()


def on_erased(user_ids: Sequence[str]) -> None:
    """The lists that these people were shown are erased with them. For PEOPLE_SINKS."""
    ServedList.objects.filter(user_id__in=user_ids).delete()


def _store(batch: Sequence[Shown]) -> None:
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(COPY) as copy,
    ):
        for shown in batch:
            copy.write_row(shown._replace(items=list(shown.items), sources=list(shown.sources)))


class _Held:
    """The recorder of this process."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)
        atexit.register(self.leave)

    def forget(self) -> None:
        self.recorder = _Recorder()

    def leave(self) -> None:
        """The process ends: what waits is stored now, or never."""
        if self.recorder.waiting:
            try:
                self.recorder.flush()
                connection.close()
            except Exception as fault:
                logger.warning("%d served lists are lost: %s", len(self.recorder.waiting), fault)


_held = _Held()


def forget() -> None:
    """As if the process had just started, for tests."""
    _held.forget()
