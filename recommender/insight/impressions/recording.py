"""Store impressions in batches: a request only puts its list into a buffer, and a thread stores the buffer."""

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

from catalog import erasure, merging, opting_out
from recommender.insight.impressions import timing
from recsite.platform import database
from recsite.platform.database import DatabaseDown

logger = logging.getLogger(__name__)
FLUSH_SECS = 1.0
MOST_WAITING = 20_000
"""Impressions that a process holds while PostgreSQL is down; beyond, the oldest are dropped, and counted."""

BATCH = 2_000
lost = Counter("impressions_lost_total", "Lists that were shown, and not recorded.")


class Impression(NamedTuple):
    """Describe one list as it was shown; the fields are the columns of `ListImpression`."""

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
    placement_revision: int | None = None
    teams: str = ""
    """Of an interleaved list, whose each item is."""
    asked: str | None = None
    """What the request asked beside its placement, as JSON."""
    propensities: Sequence[float] | None = None
    drawn_ranks: Sequence[int] | None = None
    drawn_of: int | None = None
    temperature: float | None = None


ARRAYS = ("items", "sources", "propensities", "drawn_ranks")
COPY = f"COPY recommender_servedlist ({', '.join(Impression._fields)}) FROM STDIN"


class _Recorder:
    """Hold the impressions that are not stored yet. Its thread starts with the first one, so after the fork."""

    def __init__(self) -> None:
        self.waiting: deque[Impression] = deque()
        self._lock, self._storing = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, shown: Impression) -> None:
        self.waiting.append(shown)
        if len(self.waiting) > MOST_WAITING:
            self._drop_oldest()
        if self._thread is None and settings.RECORD_IMPRESSIONS_IN_BACKGROUND:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, daemon=True, name="impressions")
                    self._thread.start()

    def flush(self) -> int:
        """Store what is waiting and return the number of impressions. Raises DatabaseDown; they keep waiting then."""
        stored = 0
        with self._storing:
            if timing.waiting:
                _store_times()
            while batch := [self.waiting.popleft() for _ in range(min(len(self.waiting), BATCH))]:
                try:
                    database.ask(lambda rows=batch: _store(rows))  # type: ignore[misc]  # each its own rows
                except DatabaseDown:
                    self.waiting.extendleft(reversed(batch))
                    raise
                except Exception:
                    logger.exception("%d impressions can't be stored.", len(batch))
                    lost.inc(len(batch))
                    continue
                stored += len(batch)
        return stored

    def _drop_oldest(self) -> None:
        with suppress(IndexError):
            self.waiting.popleft()
            lost.inc()

    def _work(self) -> None:
        pause = threading.Event()
        while not pause.wait(FLUSH_SECS):
            if not self.waiting and not timing.waiting:
                continue
            try:
                self.flush()
            except DatabaseDown as down:
                logger.warning("%d impressions are waiting: %s", len(self.waiting), down)
            finally:
                connection.close()


def record(shown: Impression) -> None:
    """Record a list that is shown, off the request's path: never raises, never waits. An empty list is not recorded."""
    if shown.items:
        _held.recorder.add(shown)


def flush() -> int:
    """Store what this process has recorded and return the number of impressions. Raises DatabaseDown."""
    return _held.recorder.flush()


def _store(batch: Sequence[Impression]) -> None:
    """Store a batch. What users were shown who are erased or opted out counts like that of somebody unnamed."""
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        connection.wrap_database_errors,
    ):
        users = {shown.user_id for shown in batch if shown.user_id}
        unnamed = erasure.refuse((), users) | opting_out.opted_out_among(users)
        known = merging.known_as(users)
        with cursor.cursor.copy(COPY) as copy:
            for shown in batch:
                row = shown._asdict() | {name: _array(getattr(shown, name)) for name in ARRAYS}
                row["user_id"] = known.get(shown.user_id, shown.user_id)
                if shown.user_id in unnamed:
                    # What somebody asked may tell of them: the items that they have seen, say.
                    row |= {"user_id": "", "asked": None}
                copy.write_row(tuple(row.values()))


def _array(numbers: Sequence[float] | None) -> str | None:
    """Write an array as COPY reads it: psycopg's own way, number by number, takes longer than all other columns."""
    return None if numbers is None else f"{{{','.join(map(str, numbers))}}}"


def _store_times() -> None:
    """Store how long answers took. What fails for good is dropped: it must not hold up the impressions."""
    try:
        database.ask(timing.store)
    except DatabaseDown:
        raise
    except Exception:
        logger.exception("The times of %d answers can't be stored.", len(timing.waiting))
        timing.waiting.clear()


class _Held:
    """Hold the recorder of this process, and make a new one after a fork."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)
        atexit.register(self.leave)

    def forget(self) -> None:
        self.recorder = _Recorder()
        timing.waiting.clear()

    def leave(self) -> None:
        """Store what is waiting when the process ends: there is no later chance."""
        if self.recorder.waiting or timing.waiting:
            try:
                self.recorder.flush()
                connection.close()
            except Exception as fault:
                logger.warning("%d impressions are lost: %s", len(self.recorder.waiting), fault)


_held = _Held()


def forget() -> None:
    """Start again with an empty recorder, for tests."""
    _held.forget()
