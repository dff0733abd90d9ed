"""From a stream of rows to batches that go into the database as one set each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import uuid_utils
from django.conf import settings

from catalog.importers.rows import DataSet, EventRow, ItemRow, Located, Rejected, UnreadableSource, UserRow
from interactions.staging import Packer, Staged, Unknown
from recsite.platform.partitions import Month

NAMESPACE = uuid_utils.uuid5(uuid_utils.NAMESPACE_URL, "recsite:import")


@dataclass
class Batch:
    """Consecutive lines of one part."""

    part: str
    line: int = 0
    """The last line."""
    people: list[UserRow] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    n_events: int = 0
    n_undated: int = 0
    packed: str = ""
    """The events as `staging.in_table` takes them; their positions are their lines."""
    months: set[Month] = field(default_factory=set)
    bytes_read: int = 0

    @property
    def n_rows(self) -> int:
        """The readable rows."""
        return len(self.people) + len(self.items) + self.n_events

    def __len__(self) -> int:
        return self.n_rows + len(self.rejected)


class EventPacker:
    """Turns rows of events into what is copied. The same row always gets the same id, in whichever file it comes."""

    def __init__(self, source: str, type_names: Mapping[str, str], undated_at: datetime) -> None:
        """`type_names` says how each type of the file is called here."""
        self._namespace = uuid_utils.uuid5(NAMESPACE, source)
        self._type_names = type_names
        self._undated_at, self._undated_month = str(undated_at), Month.of(undated_at)
        self._context_bytes: int = settings.MAX_EVENT_CONTEXT_BYTES
        self._packer = Packer()
        self._months: set[Month] = set()

    def add(self, line: int, row: EventRow) -> Unknown | None:
        """Adds an event; returns it instead, with the reason, where its type is unknown or its context too large."""
        user_id, item_id, kind, value, when, context = row
        if kind not in self._type_names:
            return Unknown(line, user_id, item_id, kind, value, f"unknown type {kind}")
        written = json.dumps(context) if context else None
        if written and len(written) > self._context_bytes:
            reason = f"context has {len(written):,} bytes; MAX_EVENT_CONTEXT_BYTES allows {self._context_bytes:,}"
            return Unknown(line, user_id, item_id, kind, value, reason)
        time = "" if when is None else when.isoformat()
        self._months.add(self._undated_month if when is None else Month.of(when))
        self._packer.add(
            Staged(
                line,
                str(uuid_utils.uuid5(self._namespace, f"{user_id}\0{item_id}\0{kind}\0{time}")),
                user_id,
                item_id,
                self._type_names[kind],
                value,
                time or self._undated_at,
                when is None,
                written,
            )
        )
        return None

    def pack_into(self, batch: Batch) -> Batch:
        """Moves what was added since the last time into the batch."""
        batch.packed, batch.months = self._packer.take(), self._months
        self._months = set()
        return batch


def refused(part: str, event: Unknown) -> Rejected:
    """An event that was read and then refused, written as its fields."""
    value = "" if event.value is None else f"{event.value:g}"
    return Rejected(part, event.position, event.reason, ",".join((event.user_id, event.item_id, event.type, value)))


def batches(data: DataSet, packer: EventPacker, size: int, done: Mapping[str, int]) -> Iterator[Batch]:
    """The data set in batches of up to `size` lines, without the lines up to `done` of each part.

    Raises UnreadableSource where a file breaks off, after a batch of what came before.
    """
    batch = Batch("")
    rows = data.rows()
    try:
        for entry in rows:
            if entry.part != batch.part or len(batch) >= size:
                if batch:
                    yield _closed(batch, packer, data)
                batch = Batch(entry.part)
            if entry.line > done.get(entry.part, 0):
                _add(batch, entry, packer)
    except UnreadableSource:
        if batch:
            yield _closed(batch, packer, data)
        raise
    if batch:
        yield _closed(batch, packer, data)


def _closed(batch: Batch, packer: EventPacker, data: DataSet) -> Batch:
    batch.bytes_read = data.bytes_read
    return packer.pack_into(batch)


def _add(batch: Batch, entry: Located | Rejected, packer: EventPacker) -> None:
    batch.line = entry.line
    if isinstance(entry, Rejected):
        batch.rejected.append(entry)
    elif isinstance(entry.row, EventRow):
        unknown = packer.add(entry.line, entry.row)
        if unknown:
            batch.rejected.append(refused(entry.part, unknown))
        else:
            batch.n_events += 1
            batch.n_undated += entry.row.occurred_at is None
    elif isinstance(entry.row, UserRow):
        batch.people.append(entry.row)
    else:
        batch.items.append(entry.row)
