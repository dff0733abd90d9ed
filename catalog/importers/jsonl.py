"""JSON lines: one object a line, with the fields of events, items or people."""

from collections.abc import Callable
from functools import lru_cache

from catalog.importers.base import FileDataSet, Options
from catalog.importers.fields import BadField
from catalog.importers.parts import find_parts
from catalog.importers.records import (
    EVENT_FIELDS,
    ITEM_FIELDS,
    USER_FIELDS,
    Maker,
    event_maker,
    find_fields,
    item_maker,
    load_json,
    mapped_event_fields,
    user_maker,
)
from catalog.importers.rows import Located, Rejected, RowStream, Scale, UnreadableSource
from catalog.importers.source import Source
from catalog.importers.tables import LONGEST_RAW
from catalog.importers.unused import unused_note

MOST_KEYS = 100
"""Of all objects, that are remembered to say which of them nothing uses."""


class JsonLines(FileDataSet):
    """One file of events, or a folder with events.jsonl and, where there are any, users.jsonl and items.jsonl."""

    format = "jsonl"
    source = "jsonl"

    def __init__(self, files: Source, options: Options) -> None:
        super().__init__(files, options)
        self.event_fields = mapped_event_fields(options.mapping)
        self.scale = options.scale or Scale(1, 5, 4)
        self.parts = find_parts(files, (".jsonl", ".ndjson", ".json"))
        self.members = tuple(self.parts.values())

    @classmethod
    def recognises(cls, files: Source) -> bool:
        return any(name.endswith((".jsonl", ".ndjson")) for name in files.names)

    def rows(self) -> RowStream:
        now = self.options.now
        for kind, name in self.parts.items():
            if kind == "users":
                yield from self._records(name, USER_FIELDS, user_maker(now))
            elif kind == "items":
                yield from self._records(name, ITEM_FIELDS, item_maker(now))
            else:
                yield from self._events(name)

    def _events(self, name: str) -> RowStream:
        seen: dict[str, str] = {}
        yield from self._records(name, self.event_fields, _event_maker(self.scale, self.options), seen)
        if unused := [key for key, field in seen.items() if field not in EVENT_FIELDS]:
            self.notes.append(unused_note(name, unused, seen.values()))

    def _records(
        self, name: str, fields: dict[str, tuple[str, ...]], make: Maker, seen: dict[str, str] | None = None
    ) -> RowStream:
        """`seen` gathers the keys, and what each is taken for."""
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
    """An object without a type is a rating where it has a value, else a view."""
    rating, view = (event_maker(scale, options.now, kind) for kind in ("rating", "view"))
    return lambda record: (view if record.get("value") is None else rating)(record)


def _renamer(fields: dict[str, tuple[str, ...]], seen: dict[str, str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """What gives an object's keys the names of our fields. Objects of one file share few sets of keys.

    A key that is named like a field whose place another one has taken gets no name.
    """

    @lru_cache(256)
    def rename(keys: tuple[str, ...]) -> tuple[str, ...]:
        found = {key: field for field, key in find_fields(fields, keys).items()}
        names = tuple(found.get(key, "" if key in fields else key) for key in keys)
        if len(seen) < MOST_KEYS:
            seen.update(zip(keys, names, strict=True))
        return names

    return rename
