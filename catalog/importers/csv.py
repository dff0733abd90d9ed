"""Any delimited text with a user, an item and what else there is: columns found by name, by mapping or by number."""

import csv
from dataclasses import replace
from operator import itemgetter

from catalog.importers.base import FileDataSet, Options
from catalog.importers.fields import BadField, moment, number
from catalog.importers.parts import find_parts
from catalog.importers.records import (
    EVENT_FIELDS,
    ITEM_FIELDS,
    USER_FIELDS,
    Maker,
    event_maker,
    find_fields,
    item_maker,
    mapped_event_fields,
    user_maker,
)
from catalog.importers.rows import RowStream, Scale, UnreadableSource
from catalog.importers.source import Source
from catalog.importers.tables import Layout, Table
from catalog.importers.unused import unused_note

DELIMITERS = ",;\t|"


class Csv(FileDataSet):
    """One file of events, or a folder with events.csv and, where there are any, users.csv and items.csv."""

    format = "csv"
    source = "csv"

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        mapped_event_fields(options.mapping)
        self.scale = options.scale or Scale(1, 5, 4)
        self.parts = find_parts(files, (".csv", ".tsv", ".txt"))
        self.members = tuple(self.parts.values())

    @classmethod
    def recognises(cls, files: Source) -> bool:
        return any(name.endswith((".csv", ".tsv")) for name in files.names)

    def rows(self) -> RowStream:
        now = self.options.now
        for kind, name in self.parts.items():
            if kind == "users":
                yield from self._records(name, USER_FIELDS, ("user_id",), user_maker(now))
            elif kind == "items":
                yield from self._records(name, ITEM_FIELDS, ("item_id", "title"), item_maker(now))
            else:
                yield from self._events(name)

    def _records(
        self, name: str, fields: dict[str, tuple[str, ...]], required: tuple[str, ...], make: Maker
    ) -> RowStream:
        table = Table(self.files, name, self._layout(name)[0])
        header = table.header()
        found = find_fields(fields, header)
        if missing := [field for field in required if field not in found]:
            raise UnreadableSource(f"{name} has no column {', '.join(missing)}; it has {', '.join(header)[:300]}.")
        renamed = {column: field for field, column in found.items()}
        names = [renamed.get(column, column) for column in header]
        return table.rows(lambda values: make(dict(zip(names, values, strict=True))), len(header))

    def _events(self, name: str) -> RowStream:
        layout, first = self._layout(name)
        places, has_header = self._places(name, first)
        make = event_maker(self.scale, self.options.now, "rating" if "value" in places else "view")
        fields, pick = tuple(places), itemgetter(*places.values())
        table = Table(self.files, name, layout if "context" in places else replace(layout, longest=1))
        if has_header:
            used = set(places.values())
            if unused := [column for place, column in enumerate(table.header()) if place not in used]:
                self.notes.append(unused_note(name, unused, places))
        return table.rows(lambda values: make(dict(zip(fields, pick(values), strict=True))), len(first))

    def _places(self, name: str, first: list[str]) -> tuple[dict[str, int], bool]:
        """Where each field stands, and whether the first line is a header."""
        mapping = self.options.mapping
        if mapping and all(column.isdigit() for column in mapping.values()):
            places = {field: int(column) - 1 for field, column in mapping.items()}
            found = {field: str(place + 1) for field, place in places.items() if 0 <= place < len(first)}
            has_header = _is_header(first, places) if len(found) == len(places) else False
        else:
            found = find_fields(mapped_event_fields(mapping), first)
            places, has_header = {field: first.index(column) for field, column in found.items()}, True
        if missing := sorted({"user_id", "item_id", *mapping} - set(found)):
            columns = ", ".join(mapping.get(field, field) for field in missing)
            raise UnreadableSource(
                f"{name} has no column {columns}; its first line is {', '.join(first)[:300] or 'empty'}. "
                "Name the columns: --map user_id=...,item_id=..., by their numbers (from 1) where there is no header."
            )
        return places, has_header

    def _layout(self, name: str) -> tuple[Layout, list[str]]:
        """How a file is written, and the fields of its first line."""
        first = self.files.opening(name)
        layout = Layout(delimiter=max(DELIMITERS, key=first.count))
        try:
            fields = next(csv.reader([first], delimiter=layout.delimiter), [])
        except csv.Error as error:
            raise UnreadableSource(f"{name} is not delimited text: {error}.") from error
        return layout, [field.strip() for field in fields]


def _is_header(first: list[str], places: dict[str, int]) -> bool:
    """Whether a first line holds names: words where numbers or times are to be, or the usual names of columns."""
    try:
        if "value" in places:
            number(first[places["value"]], "value")
        if "occurred_at" in places:
            moment(first[places["occurred_at"]], float("inf"))
    except BadField:
        return True
    return bool(find_fields(EVENT_FIELDS, first))
