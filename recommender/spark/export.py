"""Export events as Parquet, partitioned by month: what Spark trains on, and what other engines may read.

The database sends them through a server-side cursor, in one snapshot; memory holds the rows of one row group. Events of
erased users are gone from the database, so they are in no export that begins after; opted-out users and what doesn't
count otherwise are left out, as in every training.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from itertools import chain, islice
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from interactions.models import InteractionType
from interactions.partitions import EVENTS
from recommender.dataset import blocks, of_records
from recommender.engine.records import RECORD
from recommender.engine.types import Dataset, Progress, silent
from recommender.spark.place import Place
from recommender.spark.tables import records_of, schema, table_of
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import UserFacingError
from recsite.platform.months import Month

BLOCKS = 16
"""Blocks of rows that make a row group: 262,144 events, about 30 MB while they are written."""

GROUPS = 16
"""Row groups that make a file: some four million events, 60 to 100 MB."""

DONE = "_SUCCESS"
"""The empty file that is written last, as Hadoop's and Spark's own writers have it."""


class CannotExport(UserFacingError):
    """Refuse an export: something that it needs isn't here."""


@dataclass(frozen=True)
class Exported:
    """Report what was exported."""

    events: int
    months: int
    where: str

    def __str__(self) -> str:
        return f"{self.events:,} events of {self.months:,} months are in {self.where}."


def export(place: Place, until: datetime | None = None, progress: Progress = silent) -> Exported:
    """Write the events before `until` to `place`/month=YYYY-MM/part-N.parquet."""
    check_pyarrow()
    names, ids = _types()
    written, months = 0, 0
    with _snapshot():
        inventory = EVENTS.find()
        due = sorted(month for month in inventory.attached | inventory.stray if until is None or month.start < until)
        for number, month in enumerate(due):
            progress(number / len(due), f"exporting {month}")
            end = month.plus(1).start
            found = _month(place / f"month={month}", month, end if until is None else min(end, until), names, ids)
            written, months = written + found, months + bool(found)
    with place.writing(DONE):
        pass
    return Exported(written, months, place.uri)


def export_kept(place: Place, keep: int, actor: Actor, progress: Progress = silent) -> Exported:
    """Export to a folder of its own in `place`, and delete the older ones beyond `keep` in all."""
    done = export(place / f"events-{timezone.now():%Y%m%d-%H%M%S-%f}", progress=progress)
    for old in [name for name in place.folders() if name.startswith("events-")][:-keep]:
        (place / old).remove()
    audit.record(actor, "events.export", "events", done.where, after={"events": done.events})
    return done


def read(place: Place) -> Dataset:
    """Read an export as the dataset of a training."""
    import pyarrow.parquet as pq

    names, ids = _types()
    parts = [np.empty(0, RECORD)]
    for path in place.files(".parquet"):
        with place.storage.open(path) as file:
            # Of a file object, so that the folder's name is no column.
            parts.append(records_of(pq.ParquetFile(file).read(), names))
    events = np.concatenate(parts)
    events["type"] = ids[events["type"]] if len(ids) else events["type"]
    return of_records(events)


def check_pyarrow() -> None:
    """Raise CannotExport where Parquet can't be written."""
    if find_spec("pyarrow") is None:
        raise CannotExport("Parquet needs the package pyarrow: install requirements-parquet.txt here.")


def _types() -> tuple[list[str], NDArray[np.int64]]:
    found = list(InteractionType.objects.order_by("id").values_list("id", "name"))
    return [name for _, name in found], np.array([pk for pk, _ in found], np.int64)


@contextmanager
def _snapshot() -> Iterator[None]:
    """See the database as it is now, however long the reading takes; within a caller's transaction, as that does."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _month(place: Place, month: Month, end: datetime, names: list[str], ids: NDArray[np.int64]) -> int:
    """Write the events of a month; return how many there are."""
    import pyarrow.parquet as pq

    groups = _groups(month.start, end)
    written, number = 0, 0
    while first := list(islice(groups, 1)):
        with place.writing(f"part-{number:05d}.parquet") as file, pq.ParquetWriter(file, schema()) as writer:
            for group in chain(first, islice(groups, GROUPS - 1)):
                table: Any = table_of(group, names, ids)
                writer.write_table(table)
                written += len(table)
        number += 1
    return written


def _groups(start: datetime, end: datetime) -> Iterator[NDArray[np.void]]:
    found = blocks(start, end)
    while group := list(islice(found, BLOCKS)):
        yield np.concatenate(group)
