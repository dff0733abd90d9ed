"""Delimited text, row by row."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from catalog.importers.fields import BadField, identifier, latest_moment, rating, unix_moment
from catalog.importers.rows import EventRow, ItemRow, Located, Rejected, RowStream, Scale, UnreadableSource, UserRow
from catalog.importers.source import Source

LONGEST_RAW = 2000
"""Characters of a rejected line that are kept."""

Row = UserRow | ItemRow | EventRow
Fields = tuple[str, ...]
Parse = Callable[[Fields], Row | None]
"""Turns one line's fields into a row, or into None where the line only adds to other rows. Raises BadField."""


@dataclass(frozen=True)
class Layout:
    """How a file is written. A delimiter of several characters goes without quotes."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quoted: bool = True
    escape: str | None = None


class Table:
    """One delimited member of a source, read once from its start."""

    def __init__(self, files: Source, name: str, layout: Layout) -> None:
        self.part = name
        self._lines = files.lines(name, layout.encoding)
        lines, delimiter = iter(self._lines), layout.delimiter
        if len(delimiter) > 1:
            lines, delimiter = (line.replace(layout.delimiter, "\t") for line in lines), "\t"
        self._reader = csv.reader(
            lines,
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if layout.quoted else csv.QUOTE_NONE,
            escapechar=layout.escape,
            strict=True,
        )

    def header(self) -> list[str]:
        """The first line's fields. Raises UnreadableSource where there are none."""
        try:
            return [name.strip() for name in next(self._reader)]
        except (StopIteration, csv.Error) as error:
            raise UnreadableSource(f"{self.part} has no header line that can be read.") from error

    def rows(self, parse: Parse, width: int) -> RowStream:
        """The rows that `parse` makes of all `width` fields of the lines, and the rejected lines."""
        return self._rows(parse, tuple, width)

    def named_rows(self, parse: Parse, columns: Sequence[str], optional: Sequence[str] = ()) -> RowStream:
        """The same for a table with a header: `parse` gets these columns in this order, "" for an optional one that
        is not there. Case and punctuation don't count: `User-ID` is `user_id`.

        Raises UnreadableSource where a column is missing.
        """
        header = self.header()
        places = {plain(name): place for place, name in reversed(list(enumerate(header)))}
        if missing := [name for name in columns if plain(name) not in places]:
            found = ", ".join(header)[:300] or "none"
            raise UnreadableSource(f"{self.part} has no column {', '.join(missing)}; it has {found}.")
        pick = itemgetter(*(places.get(plain(name), len(header)) for name in (*columns, *optional)))
        # The field past the last one stands for the columns that are not there.
        return self._rows(parse, (lambda fields: pick([*fields, ""])) if optional else pick, len(header))

    def _rows(self, parse: Parse, pick: Callable[[list[str]], Fields], width: int) -> RowStream:
        while True:
            try:
                yield from self._until_broken(parse, pick, width)
                return
            except csv.Error as error:
                # The reader starts afresh on the next line.
                yield self._rejected(f"broken quoting: {error}")

    def _until_broken(self, parse: Parse, pick: Callable[[list[str]], Fields], width: int) -> RowStream:
        part, reader = self.part, self._reader
        for fields in reader:
            if not fields:
                continue
            if len(fields) != width:
                yield self._rejected(f"{len(fields)} fields where {width} are expected")
                continue
            try:
                row = parse(pick(fields))
            except BadField as error:
                yield self._rejected(str(error))
            else:
                if row is not None:
                    yield Located(part, reader.line_num, row)

    def _rejected(self, reason: str) -> Rejected:
        raw = self._lines.current.rstrip("\r\n")[:LONGEST_RAW]
        return Rejected(self.part, self._reader.line_num, reason, raw)


def plain(name: str) -> str:
    """A column's name without case and punctuation."""
    return "".join(filter(str.isalnum, name)).lower()


def rating_parser(scale: Scale, now: datetime) -> Callable[[Fields], EventRow]:
    """What makes a rating of (user, item, rating, Unix time) or, in a file without times, of (user, item, rating)."""
    latest = latest_moment(now)

    def parse(fields: Fields) -> EventRow:
        user, item, value = fields[:3]
        return EventRow(
            identifier(user, "user id"),
            identifier(item, "item id"),
            "rating",
            rating(value, scale),
            unix_moment(fields[3], latest) if len(fields) > 3 else None,
        )

    return parse
