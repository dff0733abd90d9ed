"""Small data files, and what the readers make of them."""

import gzip
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from catalog.importers.registry import open_format
from catalog.importers.rows import DataSet, EventRow, ItemRow, Rejected, UserRow

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"


class Read(NamedTuple):
    users: list[UserRow]
    items: list[ItemRow]
    events: list[EventRow]
    rejected: list[Rejected]

    @property
    def reasons(self) -> list[tuple[str, int, str]]:
        return [(bad.part, bad.line, bad.reason) for bad in self.rejected]


def read(data: DataSet) -> Read:
    """Everything in a data set, sorted by kind."""
    found = Read([], [], [], [])
    for entry in data.rows():
        if isinstance(entry, Rejected):
            found.rejected.append(entry)
        elif isinstance(entry.row, UserRow):
            found.users.append(entry.row)
        elif isinstance(entry.row, ItemRow):
            found.items.append(entry.row)
        else:
            found.events.append(entry.row)
    return found


def opened(name: str, path: Path, **options: Any) -> DataSet:
    return open_format(name, path, now=NOW, **options)


def read_format(name: str, path: Path, **options: Any) -> Read:
    return read(opened(name, path, **options))


def write(folder: Path, files: dict[str, str | bytes], encoding: str = "utf-8") -> Path:
    """The folder with these files in it; a name that ends in .gz is packed."""
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode(encoding)
        (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    """A zip archive of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
