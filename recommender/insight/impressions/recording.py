"""Store impressions in batches: a request only puts its list into a buffer, and a thread stores the buffer."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from prometheus_client import Counter

from catalog import erasure, merging, opting_out
from recommender.insight.impressions import timing
from recsite.platform.gathering import Gathering

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


def record(shown: Impression) -> None:
    """Record a list that is shown, off the request's path: never raises, never waits. An empty list is not recorded."""
    if shown.items:
        recorder.add(shown)


def flush() -> int:
    """Store what this process has recorded and return the number of impressions. Raises DatabaseDown."""
    timing.times.flush()
    return recorder.flush()


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


recorder: Gathering[Impression] = Gathering("impressions", _store, lost, most=MOST_WAITING, batch=BATCH)
