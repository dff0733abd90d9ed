"""Find the formats by name. A new one is a file beside these and a line here."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from catalog.importers.base import FileDataSet, Options
from catalog.importers.rows import DataSet, Scale, UnreadableSource
from catalog.importers.source import Source

# In the order in which files are recognised: the particular before the general.
FORMATS: dict[str, str] = {
    "movielens": "catalog.importers.movielens.MovieLens",
    "bookcrossing": "catalog.importers.bookcrossing.BookCrossing",
    "goodbooks": "catalog.importers.goodbooks.Goodbooks",
    "gorse": "catalog.importers.gorse.Gorse",
    "jsonl": "catalog.importers.jsonl.JsonLines",
    "csv": "catalog.importers.csv.Csv",
}
GENERAL = {"jsonl", "csv"}
"""Formats that any such file may have, whatever it holds."""


def open_format(
    name: str,
    path: Path,
    mapping: Mapping[str, str] | None = None,
    scale: Scale | None = None,
    now: datetime | None = None,
    implicit: bool = False,
    kind: str = "",
    **types: tuple[str, ...],
) -> DataSet:
    """Open the data set at `path`: a folder, a file, or a .zip archive; files may be gzipped.

    `mapping` (csv, jsonl) names the columns of events by field, or those of the `kind` of rows (users, items, events)
    that the one file holds; `scale` (csv, jsonl) is that of their ratings, 1..5 if
    not given; `now` bounds the times of events; with `implicit` (csv, jsonl) a value is any number and no rating;
    `types` (gorse) are its settings of feedback types: `positive`, `read` and `negative`. Raises UnreadableSource with
    one sentence.
    """
    if not path.exists():
        raise UnreadableSource(f"There is no file or folder {path}.")
    files = Source(path)
    if name not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise UnreadableSource(f"Unknown format {name!r}. Known: {known}.{_guess(files, name)}")
    if name not in GENERAL and recognise(files) not in {name, None, *GENERAL}:
        raise UnreadableSource(f"{path} doesn't look like {name}.{_guess(files, name)}")
    try:
        options = Options(mapping or {}, scale, now or datetime.now(UTC), implicit, kind=kind, **types)
        return _format(name)(files, options)
    except UnreadableSource as error:
        raise UnreadableSource(f"{error}{_guess(files, name)}") from error


def recognise(files: Source) -> str | None:
    """Return the name of the format that the files look like."""
    return next((name for name in FORMATS if _format(name).recognises(files)), None)


def _format(name: str) -> type[FileDataSet]:
    module, _, class_name = FORMATS[name].rpartition(".")
    format_class: type[FileDataSet] = getattr(import_module(module), class_name)
    return format_class


def _guess(files: Source, name: str) -> str:
    guess = recognise(files)
    return f" {files.path} looks like {guess}." if guess and guess != name else ""
