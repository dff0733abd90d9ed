"""Open a file that staff brought as they chose, look at its columns, and show how its first lines are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

from catalog.importers.columns import FIELDS_OF, find_fields
from catalog.importers.csv import Csv
from catalog.importers.jsonl import JsonLines
from catalog.importers.registry import FORMATS, GENERAL, open_format, recognise
from catalog.importers.rows import DataSet, EventRow, ItemRow, Located, Rejected, Scale, UnreadableSource, UserRow
from catalog.importers.source import Source
from interactions.importing import files
from interactions.models import FileImport
from recsite.platform.exceptions import UserFacingError

SHOWN = 10
LOOKED_AT = 1_000
"""Rows that are read for the preview: of a file of several parts the later ones may not come among them."""

DEFAULT_SCALE = "1..5"
COMMAND_ONLY = (" Name the columns: --map", " If it holds events, name its columns with --map.", " Known: ")
KIND_OF_ROW: dict[type, str] = {UserRow: "users", ItemRow: "items", EventRow: "events"}


class CannotRead(UserFacingError):
    """Say why a file can't be read as it was asked to be."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Hold the columns of a file that has one part, and which of them holds which field."""

    kind: str
    names: tuple[tuple[str, str], ...]
    """Each column as the mapping names it, and for people."""
    usual: Mapping[str, str]
    """The column of each field that its name tells."""


@dataclass
class Preview:
    """Hold the first rows as they are read, and the lines among them that are refused."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    fault: str = ""


def first_reading(row: FileImport) -> dict[str, Any]:
    """Return how a file is read unless somebody chooses otherwise: by the format that it looks like."""
    try:
        source = Source(files.file_of(row))
        known = recognise(source)
        if known is None:
            first = source.opening(source.names[0]) if len(source.names) == 1 else ""
            known = "jsonl" if first.lstrip().startswith("{") else "csv"
    except UnreadableSource:
        known = "csv"
    return {"format": known, "kind": "", "scale": "", "mapping": {}}


def open_file(row: FileImport) -> DataSet:
    """Open a file as it is to be read. Raises CannotRead."""
    if not row.is_whole:
        raise CannotRead(files.GONE if row.discarded_at else "The file has not come to its end yet.")
    chosen, path = row.reading, files.file_of(row)
    is_general = chosen["format"] in GENERAL
    try:
        return open_format(
            chosen["format"],
            path,
            chosen["mapping"] if is_general else {},
            Scale.parse(chosen["scale"]) if is_general and chosen["scale"] else None,
            kind=chosen["kind"] if is_general else "",
        )
    except UnreadableSource as error:
        raise CannotRead(in_words(row, error)) from error


def in_words(row: FileImport, error: Exception) -> str:
    """Return what is wrong with a file, without where it lies and without the options of the command."""
    said = str(error).replace(str(files.file_of(row)), row.name)
    for sentence in COMMAND_ONLY:
        head, found, _ = said.partition(sentence)
        said = f"{head} Choose the columns." if found and "--map" in found else head
    return said


def columns(data: DataSet) -> Columns | None:
    """Return the columns of a file of one part whose columns may be chosen; None for any other."""
    if not isinstance(data, Csv | JsonLines) or len(data.parts) != 1:
        return None
    ((kind, member),) = data.parts.items()
    names = data.columns(member)
    usual = find_fields(FIELDS_OF[kind], names)
    if isinstance(data, Csv) and kind == "events" and not usual and any(map(_is_number, names)):
        # Without a header: the first line holds values, and columns go by number.
        return Columns(kind, tuple((str(at), f"{at}: {name}"[:60]) for at, name in enumerate(names, 1)), {})
    return Columns(kind, tuple((name, name[:60]) for name in dict.fromkeys(names)), usual)


def preview(row: FileImport, data: DataSet) -> Preview:
    """Return the first ten rows of each kind as they are read, and the refused lines among them."""
    shown = Preview()
    try:
        for entry in islice(data.rows(), LOOKED_AT):
            if isinstance(entry, Located):
                rows = shown.rows.setdefault(KIND_OF_ROW[type(entry.row)], [])
                if len(rows) < SHOWN:
                    rows.append({"line": entry.line, **_told(entry.row)})
            elif len(shown.rejected) < SHOWN:
                shown.rejected.append(entry)
            if shown.rows and all(len(rows) >= SHOWN for rows in shown.rows.values()) and _has_one_part(data):
                break
    except UnreadableSource as error:
        shown.fault = in_words(row, error)
    return shown


def formats() -> list[tuple[str, str]]:
    """Return the formats by name, the general ones first."""
    return [(name, name) for name in sorted(FORMATS, key=lambda name: (name not in GENERAL, name))]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "").isdecimal()


def _has_one_part(data: DataSet) -> bool:
    return len(getattr(data, "members", ())) == 1


def _told(row: UserRow | ItemRow | EventRow) -> dict[str, Any]:
    """Return what a row says, without what it leaves empty."""
    values = row._asdict() if isinstance(row, EventRow) else {one.name: getattr(row, one.name) for one in fields(row)}
    return {name: value for name, value in values.items() if value not in (None, "", (), {}, False)}
