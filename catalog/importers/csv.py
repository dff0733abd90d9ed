"""Read any delimited text with a user, an item and more: columns found by name, by mapping or by number."""

import csv
from dataclasses import replace
from operator import itemgetter

from catalog.importers.base import FileDataSet, Options
from catalog.importers.columns import EVENT_FIELDS, FIELDS_OF, SEVERAL_LINES, find_fields, mapped_fields
from catalog.importers.fields import number
from catalog.importers.parts import find_parts
from catalog.importers.records import Maker, event_maker, make_item, user_maker
from catalog.importers.rows import BadField, RowStream, Scale, UnreadableSource
from catalog.importers.source import Source
from catalog.importers.tables import Layout, Table
from catalog.importers.times import unix_seconds
from catalog.importers.unused import unused_note

DELIMITERS = ",;\t|"


class Csv(FileDataSet):
    """Read one file of events, or a folder with events.csv and, where there are any, users.csv and items.csv."""

    format = "csv"
    source = "csv"

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.fields = FIELDS_OF | {options.mapped: mapped_fields(options.mapped, options.mapping)}
        self.scale = options.scale or Scale(1, 5, 4)
        self.parts, self.notes = find_parts(
            files, (".csv", ".tsv", ".txt"), self.columns, bool(options.mapping), options.kind
        )
        self.members = tuple(self.parts.values())

    @classmethod
    def recognises(cls, files: Source) -> bool:
        return any(name.endswith((".csv", ".tsv")) for name in files.names)

    def rows(self) -> RowStream:
        for kind, name in self.parts.items():
            if kind == "users":
                yield from self._records(name, kind, ("user_id",), user_maker(self.options.now))
            elif kind == "items":
                yield from self._records(name, kind, ("item_id", "title"), make_item)
            else:
                yield from self._events(name)

    def _records(self, name: str, kind: str, required: tuple[str, ...], make: Maker) -> RowStream:
        table = Table(self.files, name, self._layout(name)[0])
        header = table.header()
        columns = find_fields(self.fields[kind], header)
        needed = {*required, *(self.options.mapping if kind == self.options.kind else ())}
        if missing := sorted(needed - set(columns)):
            raise UnreadableSource(f"{name} has no column {', '.join(missing)}; it has {', '.join(header)[:300]}.")
        renamed = {column: field for field, column in columns.items()}
        names = [renamed.get(column, column) for column in header]
        return table.rows(lambda values: make(dict(zip(names, values, strict=True))), len(header))

    def _events(self, name: str) -> RowStream:
        layout, first = self._layout(name)
        positions, has_header = self._positions(name, first)
        scale = None if self.options.implicit else self.scale
        make = event_maker(scale, self.options.now, "rating" if "value" in positions else "view")
        fields, pick = tuple(positions), itemgetter(*positions.values())
        table = Table(self.files, name, layout if SEVERAL_LINES & set(positions) else replace(layout, longest=1))
        if has_header:
            used = set(positions.values())
            if unused := [column for position, column in enumerate(table.header()) if position not in used]:
                self.notes.append(unused_note(name, unused, positions))
        return table.rows(lambda values: make(dict(zip(fields, pick(values), strict=True))), len(first))

    def _positions(self, name: str, first: list[str]) -> tuple[dict[str, int], bool]:
        """Return the position of each field, and whether the first line is a header. Raises UnreadableSource."""
        mapping = self.options.mapping
        if mapping and all(column.isdigit() for column in mapping.values()):
            numbered = {field: int(column) - 1 for field, column in mapping.items()}
            positions = {field: position for field, position in numbered.items() if 0 <= position < len(first)}
            has_header = _is_header(first, positions) if len(positions) == len(numbered) else False
        else:
            columns = find_fields(self.fields["events"], first)
            positions, has_header = {field: first.index(column) for field, column in columns.items()}, True
        if missing := sorted({"user_id", "item_id", *mapping} - set(positions)):
            lacking = ", ".join(mapping.get(field, field) for field in missing)
            raise UnreadableSource(
                f"{name} has no column {lacking}; its first line is {', '.join(first)[:300] or 'empty'}. "
                "Name the columns: --map user_id=...,item_id=..., by their numbers (from 1) where there is no header."
            )
        return positions, has_header

    def columns(self, name: str) -> list[str]:
        """Return the fields of the first line; none of a file that can't be read, which is refused when it is read."""
        try:
            return self._layout(name)[1]
        except UnreadableSource:
            return []

    def _layout(self, name: str) -> tuple[Layout, list[str]]:
        """Return how a file is written, and the fields of its first line. Raises UnreadableSource."""
        first = self.files.opening(name)
        delimiter = self.files.separator(name) or max(DELIMITERS, key=first.count)
        layout = Layout(delimiter=delimiter)
        try:
            fields = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error as error:
            raise UnreadableSource(f"{name} is not delimited text: {error}.") from error
        return layout, [field.strip() for field in fields]


def _is_header(first: list[str], positions: dict[str, int]) -> bool:
    """Return True where a line holds names: words where numbers or times belong, or the usual names of columns."""
    try:
        for field in ("value", "count"):
            if field in positions:
                number(first[positions[field]], field)
        if "occurred_at" in positions:
            unix_seconds(first[positions["occurred_at"]])
    except BadField:
        return True
    return bool(find_fields(EVENT_FIELDS, first))
