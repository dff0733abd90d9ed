"""Read delimited text, row by row."""

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Self

from catalog.importers.fields import identifier, rating
from catalog.importers.rows import (
    BadField,
    EventRow,
    ItemRow,
    Located,
    Rejected,
    RowStream,
    Scale,
    UnreadableSource,
    UserRow,
)
from catalog.importers.source import Source
from catalog.importers.times import event_time, latest_event

LONGEST_RECORD = 1_000
"""Lines of one record: a description may have many, but a quote that nobody closed has all that follow."""

LONGEST_RAW = 2000
"""Characters of a rejected line that are kept."""

Row = UserRow | ItemRow | EventRow
Fields = tuple[str, ...]
Parse = Callable[[Fields], Row | None]
"""Turns one line's fields into a row, or into None where the line only adds to other rows. Raises BadField."""


@dataclass(frozen=True)
class Layout:
    """Describe how a file is written. A delimiter of several characters goes without quotes."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quoted: bool = True
    escape: str | None = None
    longest: int = LONGEST_RECORD
    """Lines of one record: 1 where no field can hold the end of a line, so that a stray quote costs its own line."""


class _Feed:
    """Give lines to the reader, a record at a time; what a stray quote took too much of is given again."""

    def __init__(self, lines: Iterator[str], longest: int) -> None:
        self._lines, self._longest, self._again = lines, longest, deque[str]()
        self.number = 0
        """The number of the last line given, from 1 on."""
        self.record: list[str] = []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if len(self.record) >= self._longest:
            raise csv.Error(f"a quote is open for {self._longest} lines" if self._longest > 1 else "a quote stays open")
        line = self._again.popleft() if self._again else next(self._lines)
        self.number += 1
        self.record.append(line)
        return line

    def take_back(self) -> None:
        """Give all lines of the record but its first again, as records of their own."""
        self._again.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record[1:])
        del self.record[1:]


class Table:
    """Read one delimited member of a source, once from its start."""

    def __init__(self, files: Source, name: str, layout: Layout) -> None:
        """Open the table. Raises UnreadableSource where the member is empty or no text."""
        self.part = name
        files.opening(name)
        lines, delimiter = iter(files.lines(name, layout.encoding)), layout.delimiter
        if len(delimiter) > 1:
            lines, delimiter = (line.replace(layout.delimiter, "\t") for line in lines), "\t"
        self._feed = _Feed(lines, layout.longest)
        if separator := files.separator(name):
            delimiter = separator
            next(self._feed)
            self._feed.record.clear()
        self._reader = csv.reader(
            self._feed,
            delimiter=delimiter,
            # `u1, "i1", 5`: without it the quotes after a blank would belong to the text.
            skipinitialspace=delimiter != "\t",
            quoting=csv.QUOTE_MINIMAL if layout.quoted else csv.QUOTE_NONE,
            escapechar=layout.escape,
            strict=True,
        )

    def header(self) -> list[str]:
        """Return the first line's fields. Raises UnreadableSource where there are none."""
        try:
            return [name.strip() for name in next(self._reader)]
        except (StopIteration, csv.Error) as error:
            raise UnreadableSource(f"{self.part} has no header line that can be read.") from error

    def rows(self, parse: Parse, width: int) -> RowStream:
        """Return the rows that `parse` makes of all `width` fields of the lines, and the rejected lines."""
        return self._rows(parse, tuple, width)

    def named_rows(self, parse: Parse, columns: Sequence[str], optional: Sequence[str] = ()) -> RowStream:
        """Return the rows of a table with a header: `parse` gets these columns in this order, "" for an optional one
        that is not there. Case and punctuation don't count: `User-ID` is `user_id`.

        Raises UnreadableSource where a column is missing.
        """
        header = self.header()
        positions = {plain(name): position for position, name in reversed(list(enumerate(header)))}
        if missing := [name for name in columns if plain(name) not in positions]:
            found = ", ".join(header)[:300] or "none"
            raise UnreadableSource(f"{self.part} has no column {', '.join(missing)}; it has {found}.")
        pick = itemgetter(*(positions.get(plain(name), len(header)) for name in (*columns, *optional)))
        # The field past the last one stands for the columns that are not there.
        return self._rows(parse, (lambda fields: pick([*fields, ""])) if optional else pick, len(header))

    def _rows(self, parse: Parse, pick: Callable[[list[str]], Fields], width: int) -> RowStream:
        part, feed = self.part, self._feed
        while True:
            feed.record.clear()
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                # The reader starts afresh on the next line.
                yield self._broken(f"broken quoting: {error}")
                continue
            if len(fields) != width:
                if fields:
                    yield self._broken(f"{len(fields)} fields where {width} are expected")
                continue
            try:
                row = parse(pick(fields))
            except BadField as error:
                yield Rejected(part, feed.number, str(error), _raw(feed.record))
            else:
                if row is not None:
                    yield Located(part, feed.number, row)

    def _broken(self, reason: str) -> Rejected:
        """Reject a record by its first line; the lines that it took along are read by themselves."""
        self._feed.take_back()
        return Rejected(self.part, self._feed.number, reason, _raw(self._feed.record))


def _raw(record: list[str]) -> str:
    return "".join(record).rstrip("\r\n")[:LONGEST_RAW]


def plain(name: str) -> str:
    """Return a column's name without case and punctuation."""
    return "".join(filter(str.isalnum, name)).lower()


def rating_parser(scale: Scale, now: datetime) -> Callable[[Fields], EventRow]:
    """Return what makes a rating of (user, item, rating, time) or, in a file without times, of (user, item, rating)."""
    latest = latest_event(now)

    def parse(fields: Fields) -> EventRow:
        user, item, value = fields[:3]
        return EventRow(
            identifier(user, "user id"),
            identifier(item, "item id"),
            "rating",
            rating(value, scale),
            event_time(fields[3], latest) if len(fields) > 3 else None,
        )

    return parse
