"""Read JSON lines: one object a line, with the fields of events, items or users."""

from collections.abc import Callable
from functools import lru_cache

from catalog.importers.base import FileDataSet, Options
from catalog.importers.columns import EVENT_FIELDS, FIELDS_OF, find_fields, mapped_fields
from catalog.importers.parts import find_parts
from catalog.importers.records import Maker, event_maker, load_json, make_item, user_maker
from catalog.importers.rows import BadField, Located, Rejected, RowStream, Scale, UnreadableSource
from catalog.importers.source import Source
from catalog.importers.tables import LONGEST_RAW
from catalog.importers.unused import unused_note

MOST_KEYS = 100
"""Keys that are remembered to say which of them nothing uses."""


class JsonLines(FileDataSet):
    """Read one file of events, or a folder with events.jsonl and, where there are any, users.jsonl and items.jsonl."""

    format = "jsonl"
    source = "jsonl"

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.fields = FIELDS_OF | {options.mapped: mapped_fields(options.mapped, options.mapping)}
        self.scale = options.scale or Scale(1, 5, 4)
        self.parts, self.notes = find_parts(
            files, (".jsonl", ".ndjson", ".json"), self.columns, bool(options.mapping), options.kind
        )
        self.members = tuple(self.parts.values())

    @classmethod
    def recognises(cls, files: Source) -> bool:
        return any(name.endswith((".jsonl", ".ndjson")) for name in files.names)

    def rows(self) -> RowStream:
        for kind, name in self.parts.items():
            if kind == "users":
                yield from self._records(name, self.fields[kind], user_maker(self.options.now))
            elif kind == "items":
                yield from self._records(name, self.fields[kind], make_item)
            else:
                yield from self._events(name)

    def columns(self, name: str) -> list[str]:
        """Return the keys of a member's first object; none where its first line is none."""
        try:
            record = load_json(self.files.first_line(name, "utf-8-sig"), "the line")
        except BadField:
            return []
        return list(record) if isinstance(record, dict) else []

    def _events(self, name: str) -> RowStream:
        seen: dict[str, str] = {}
        yield from self._records(name, self.fields["events"], _event_maker(self.scale, self.options), seen)
        if unused := [key for key, field in seen.items() if field not in EVENT_FIELDS]:
            self.notes.append(unused_note(name, unused, seen.values()))

    def _records(
        self, name: str, fields: dict[str, tuple[str, ...]], make: Maker, seen: dict[str, str] | None = None
    ) -> RowStream:
        """Read the objects of a member; `seen` gathers the keys and the field that each stands for."""
        if self.files.opening(name).lstrip().startswith("["):
            raise UnreadableSource(f"{name} is one JSON array. Write one object a line instead: jq -c '.[]' {name}.")
        rename = _renamer(fields, {} if seen is None else seen)
        for number, line in enumerate(self.files.lines(name, "utf-8-sig"), 1):
            if not (text := line.strip()):
                continue
            try:
                record = load_json(text, "the line")
                if not isinstance(record, dict):
                    raise BadField("the line is not a JSON object")
                names = rename(tuple(record))
                row = make(dict(zip(names, record.values(), strict=True)))
            except BadField as error:
                yield Rejected(name, number, str(error), text[:LONGEST_RAW])
            else:
                yield Located(name, number, row)


def _event_maker(scale: Scale, options: Options) -> Maker:
    """Return what makes an event of an object; one without a type is a rating where it has a value, else a view."""
    scale_of_values = None if options.implicit else scale
    rating, view = (event_maker(scale_of_values, options.now, name) for name in ("rating", "view"))
    return lambda record: (view if record.get("value") is None else rating)(record)


def _renamer(fields: dict[str, tuple[str, ...]], seen: dict[str, str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return what gives an object's keys the names of our fields. Objects of one file share few sets of keys.

    A key that is named like a field for which another key stands gets no name.
    """

    @lru_cache(256)
    def rename(keys: tuple[str, ...]) -> tuple[str, ...]:
        by_key = {key: field for field, key in find_fields(fields, keys).items()}
        names = tuple(by_key.get(key, "" if key in fields else key) for key in keys)
        if len(seen) < MOST_KEYS:
            seen.update(zip(keys, names, strict=True))
        return names

    return rename
