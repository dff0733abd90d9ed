"""Turn a stream of rows into batches that go into the database as one set each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
import uuid_utils
from django.conf import settings

from catalog.importers.rows import DataSet, EventRow, ItemRow, Located, Rejected, UnreadableSource, UserRow
from interactions.importing.occurrences import Occurrences
from interactions.marking import mark_of
from interactions.marks import MARKS
from interactions.schema import LONGEST, TypeRule
from interactions.staging import Packer, Staged, Unknown
from recsite.platform.months import Month

NAMESPACE = uuid_utils.uuid5(uuid_utils.NAMESPACE_URL, "recsite:import")
SKIPPED_AT_ONCE = 50_000


@dataclass
class Batch:
    """Hold consecutive lines of one part."""

    part: str
    line: int = 0
    """The last line."""
    users: list[UserRow] = field(default_factory=list)
    user_lines: list[int] = field(default_factory=list)
    items: list[ItemRow] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    n_event_lines: int = 0
    n_events: int = 0
    """The events of these lines: one with a count stands for several."""
    n_undated: int = 0
    n_capped: int = 0
    """Lines whose count is cut to MOST_REPEATS."""
    packed: str = ""
    """The events as `staging.in_table` takes them; their positions are their lines."""
    months: set[Month] = field(default_factory=set)
    reviews: list[dict[str, str]] = field(default_factory=list)
    n_without_item: int = 0
    bytes_read: int = 0

    @property
    def n_rows(self) -> int:
        """Return the number of readable rows."""
        return len(self.users) + len(self.items) + self.n_event_lines

    def __len__(self) -> int:
        return len(self.users) + len(self.items) + self.n_events + len(self.rejected)


class EventPacker:
    """Turn rows of events into the text that is copied. The same row always gets the same id, in whatever file.

    An id is made of source, user, item, type and time. Of two ratings with the same id the last counts. All other
    events may be equal and yet be several (three loaves bought on one day): the second gets an id of its own, made of
    the first one's and its number in the file, so that importing the file again stores none of them twice.
    """

    def __init__(self, source: str, rules: Mapping[str, TypeRule], undated_at: datetime) -> None:
        """Start a batch; `rules` maps the types of the file to those of the database."""
        self._namespace, self._rules = uuid_utils.uuid5(NAMESPACE, source), rules
        self._undated_at, self._undated_month = str(undated_at), Month.of(undated_at)
        self._context_bytes: int = settings.MAX_EVENT_CONTEXT_BYTES
        self._packer = Packer()
        self._months: set[Month] = set()
        self._reviews: list[dict[str, str]] = []
        self._repeatable: list[Staged] = []
        self._keys: list[bytes] = []
        self._occurrences = Occurrences()

    def add(self, line: int, row: EventRow) -> Unknown | None:
        """Add an event; return it instead, with the reason, where its type, value or context can't be stored."""
        user_id, item_id, type_name, value, when, context = row[:6]
        written = json.dumps(context) if context else None
        if reason := self._refusal(row, written):
            return Unknown(line, user_id, item_id, type_name, value, reason)
        rule, event_id = self._rules[type_name], self._id(row)
        self._months.add(self._undated_month if when is None else Month.of(when))
        time = self._undated_at if when is None else when.isoformat()
        mark = MARKS[row.left_out_as] if row.left_out_as else mark_of(context)
        is_undated = when is None or row.undated
        staged = Staged(line, str(event_id), user_id, item_id, rule.name, value, time, is_undated, written, mark)
        if row.review:
            self._reviews.append({"event_id": str(event_id), "occurred_at": time, **row.review})
        if rule.scale or row.event_id:
            self._packer.add(staged)
        else:
            self._repeatable += [staged] * row.repeats
            self._keys += [event_id.bytes[:8]] * row.repeats
        return None

    def skip(self, row: EventRow) -> None:
        """Count an event of an earlier run, so that those equal to it get the numbers that they had then."""
        if not self._is_one(row):
            self._keys += [self._id(row).bytes[:8]] * row.repeats
            if len(self._keys) >= SKIPPED_AT_ONCE:
                self._number()

    def n_events(self, row: EventRow) -> int:
        """Return how many events a row stands for. A rating is one, whatever its quantity."""
        return 1 if self._is_one(row) else row.repeats

    def pack_into(self, batch: Batch) -> Batch:
        """Move what was added since the last time into the batch."""
        numbers = self._number()
        for event, number in zip(self._repeatable, numbers[len(numbers) - len(self._repeatable) :], strict=True):
            self._packer.add(event._replace(event_id=_repeat_id(event.event_id, number)) if number else event)
        self._repeatable.clear()
        batch.packed, batch.months, batch.reviews = self._packer.take(), self._months, self._reviews
        self._months, self._reviews = set(), []
        return batch

    def _is_one(self, row: EventRow) -> bool:
        """Return True for ratings and for events with an id of their own: none of them is several events."""
        rule = self._rules.get(row.type)
        return row.event_id is not None or (rule is not None and rule.scale is not None)

    def _refusal(self, row: EventRow, context: str | None) -> str:
        """Return why an event can't be stored; empty where it can."""
        rule, value = self._rules.get(row.type), row.value
        if rule is None:
            return f"unknown type {row.type}"
        if rule.needs_item != bool(row.item_id):
            return "item_id is empty" if rule.needs_item else f"a {row.type} is about no item"
        if row.left_out_as and row.left_out_as not in MARKS:
            return f"left_out_as is none of {', '.join(MARKS)}"
        if row.review and not rule.scale:
            return f"a {row.type} carries no review"
        if row.review and len(row.review["text"]) > LONGEST["text"]:
            return f"the review is longer than {LONGEST['text']:,} characters"
        if context and len(context) > self._context_bytes:
            return f"context has {len(context):,} bytes; MAX_EVENT_CONTEXT_BYTES allows {self._context_bytes:,}"
        return "" if value is None else rule.value_error(value).rstrip(".")

    def _id(self, row: EventRow) -> uuid_utils.UUID | UUID:
        if row.event_id is not None:
            return row.event_id
        time = "" if row.occurred_at is None else row.occurred_at.isoformat()
        return uuid_utils.uuid5(self._namespace, f"{row.user_id}\0{row.item_id}\0{row.type}\0{time}")

    def _number(self) -> list[int]:
        """Return how many equal events came before each of those gathered, and remember them."""
        keys = np.frombuffer(b"".join(self._keys), np.uint64)
        self._keys.clear()
        return self._occurrences.number(keys).tolist() if len(keys) else []


def _repeat_id(first_id: object, number: int) -> str:
    return str(uuid_utils.uuid5(uuid_utils.UUID(str(first_id)), str(number)))


def refused(part: str, event: Unknown) -> Rejected:
    """Return an event that was read and then refused, written as its fields."""
    value = "" if event.value is None else f"{event.value:g}"
    return Rejected(part, event.position, event.reason, ",".join((event.user_id, event.item_id, event.type, value)))


def batches(data: DataSet, packer: EventPacker, size: int, done: Mapping[str, int]) -> Iterator[Batch]:
    """Yield the data set in batches of about `size` lines, without the lines up to `done` of each part.

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
            elif isinstance(entry, Located) and isinstance(entry.row, EventRow):
                packer.skip(entry.row)
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
            batch.n_event_lines += 1
            batch.n_events += packer.n_events(entry.row)
            batch.n_undated += entry.row.occurred_at is None
            batch.n_without_item += not entry.row.item_id
            batch.n_capped += entry.row.is_capped
    elif isinstance(entry.row, UserRow):
        batch.users.append(entry.row)
        batch.user_lines.append(entry.line)
    else:
        batch.items.append(entry.row)
