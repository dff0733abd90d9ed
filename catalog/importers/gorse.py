"""Read what Gorse gives away: its exports in JSON lines of users, items and feedback, or its binary dump."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, NamedTuple

from catalog.importers import gorse_dump
from catalog.importers.base import FileDataSet, Options
from catalog.importers.fields import rating
from catalog.importers.gorse_shapes import event_id, id_of, item_row, moment, text_of, user_row
from catalog.importers.gorse_types import FeedbackTypes, type_name
from catalog.importers.records import load_json
from catalog.importers.rows import (
    BadField,
    EventRow,
    ItemRow,
    Located,
    NewType,
    Rejected,
    RowStream,
    Scale,
    UnreadableSource,
    UserRow,
)
from catalog.importers.source import Source
from catalog.importers.tables import LONGEST_RAW
from catalog.importers.times import latest_event

RATING = "rating"
KINDS = ("users", "items", "feedback")
"""In the order in which they are read."""

ENDINGS = (".jsonl", ".ndjson", ".json")
SLASHED = (
    "{:,} of the users and items have an id with a slash, which no address of /gorse can name, here as in Gorse: lists "
    "have them, and /api/v1 reads and changes them."
)
Record = dict[str, Any]


class Entry(NamedTuple):
    """Hold one record of a file, and the way to read it: it may turn out to be none."""

    part: str
    line: int
    kind: str
    raw: str | bytes
    read: Callable[[], Record]


class Gorse(FileDataSet):
    """Read a folder, an archive or a file with exports, or a dump. Values are no ratings: they are counts."""

    format = "gorse"
    source = "gorse"
    scale = Scale(1, 5, 4)

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.refuse_options()
        self.types = FeedbackTypes(options)
        self.latest = latest_event(options.now)
        self.dumps = [name for name in files.names if gorse_dump.is_dump(files, name)]
        self.exports = dict(_exports(files)) if not self.dumps else {}
        if not self.dumps and not self.exports:
            raise UnreadableSource(
                f"{files.path} holds neither exports of Gorse (JSON lines with UserId, ItemId or FeedbackType) nor a "
                f"dump. It has {files.listing}."
            )
        self.members = (*self.dumps, *self.exports.values())

    @classmethod
    def recognises(cls, files: Source) -> bool:
        return any(gorse_dump.is_dump(files, name) or _is_export(files, name) for name in files.names)

    def new_types(self) -> list[NewType]:
        """Return the types of all feedback; the files are read once for them."""
        return list(self.types.made_for(self._names))

    def rows(self) -> RowStream:
        slashed = 0
        for entry in self._entries():
            try:
                row = self._row(entry)
            except BadField as error:
                yield Rejected(entry.part, entry.line, str(error), _shown(entry.raw))
            else:
                slashed += entry.kind != "feedback" and has_slash(row)
                yield Located(entry.part, entry.line, row)
        if slashed:
            self.notes.append(SLASHED.format(slashed))

    def _row(self, entry: Entry) -> UserRow | ItemRow | EventRow:
        record = entry.read()
        if entry.kind == "users":
            return user_row(record)
        return item_row(record) if entry.kind == "items" else self._event(record)

    def _event(self, record: Record) -> EventRow:
        name, value, when = type_name(text_of(record, "FeedbackType")), record.get("Value"), record.get("Timestamp")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadField("Value is not a number")
        at = moment(when)
        if at is not None and not 0 <= at.timestamp() <= self.latest:
            raise BadField(f"Timestamp {str(when)[:50]} lies before 1970 or in the future")
        user_id, item_id = id_of(record, "UserId"), id_of(record, "ItemId")
        kind = self.types.type_of(name, value or 0.0)
        if kind == RATING:
            value = rating("" if value is None else str(value), self.scale)
        said = {name.lower(): record[name] for name in ("Comment", "Labels") if record.get(name)}
        own = event_id(kind, user_id, item_id)
        return EventRow(user_id, item_id, kind, value or None, at, said or None, event_id=own)

    @cached_property
    def _names(self) -> set[str]:
        """Find the types of all feedback. What can't be read is told of when the rows are."""
        names = set[str]()
        with suppress(UnreadableSource):
            for entry in self._entries("feedback"):
                with suppress(BadField):
                    raw = entry.raw
                    text = gorse_dump.type_of(raw) if isinstance(raw, bytes) else text_of(entry.read(), "FeedbackType")
                    if text not in names:
                        names.add(type_name(text))
        return names

    def _entries(self, only: str = "") -> Iterator[Entry]:
        for name in self.dumps:
            yield from self._of_dump(name, only)
        for kind, name in self.exports.items():
            if kind == only or not only:
                yield from self._of_export(name, kind)

    def _of_dump(self, name: str, only: str) -> Iterator[Entry]:
        for kind, number, body in gorse_dump.messages(self.files, name):
            if kind == only or not only:
                yield Entry(f"{name} {kind}", number, kind, body, partial(gorse_dump.READERS[kind], body))

    def _of_export(self, name: str, kind: str) -> Iterator[Entry]:
        for number, line in enumerate(self.files.lines(name, "utf-8-sig"), 1):
            if text := line.strip():
                yield Entry(name, number, kind, text, partial(_object, text))


def has_slash(row: UserRow | ItemRow | EventRow) -> bool:
    """Tell if a user or an item has an id that no address of Gorse's routes can hold."""
    return "/" in (row.item_id if isinstance(row, ItemRow) else row.user_id)


def _shown(raw: str | bytes) -> str:
    """Return how a rejected record is written down."""
    text = raw[:LONGEST_RAW]
    return text if isinstance(text, str) else text.decode("utf-8", "replace").replace("\x00", "�")


def _object(text: str) -> Record:
    record = load_json(text, "the line")
    if not isinstance(record, dict):
        raise BadField("the line is not a JSON object")
    return record


def _exports(files: Source) -> Iterator[tuple[str, str]]:
    """Yield the kinds that there are, each with its member."""
    found = dict[str, str]()
    for name in filter(partial(_is_export, files), files.names):
        if (kind := _kind(files, name)) in found:
            raise UnreadableSource(f"{files.path} has several files of {kind}: {found[kind]} and {name}. Keep one.")
        found[kind] = name
    yield from ((kind, found[kind]) for kind in KINDS if kind in found)


def _is_export(files: Source, name: str) -> bool:
    return (len(files.names) == 1 or name.endswith(ENDINGS)) and bool(_kind(files, name))


def _kind(files: Source, name: str) -> str:
    """Return which kind of records a member's first line is of; nothing where it is none of Gorse's."""
    try:
        first = _object(files.first_line(name, "utf-8-sig"))
    except (BadField, UnreadableSource):
        return ""
    if {"FeedbackType", "UserId", "ItemId"} <= first.keys():
        return "feedback"
    if {"ItemId", "UserId"} <= first.keys():
        return ""
    return "items" if "ItemId" in first else "users" if "UserId" in first else ""
