"""Write rows as lines of JSON or of CSV, in the shape that `import_data` reads."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson

from interactions.exporting.kinds import Kind, Row

MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
FORMATS = tuple(MEDIA_TYPES)


def lines(kind: Kind, format_: str, rows: Iterable[Row], *, has_header: bool = True) -> Iterator[bytes]:
    """Yield the rows as lines; a CSV file that is gone on with has its header already."""
    write = _csv_writer(kind, has_header) if format_ == "csv" else _json_writer(kind)
    yield from write(rows)


def _json_writer(kind: Kind) -> Callable[[Iterable[Row]], Iterator[bytes]]:
    objects = [column in kind.objects for column in kind.columns]

    def write(rows: Iterable[Row]) -> Iterator[bytes]:
        for row in rows:
            values = (
                orjson.Fragment(value) if is_object and value is not None else value
                for value, is_object in zip(row, objects, strict=True)
            )
            record = {name: value for name, value in zip(kind.columns, values, strict=True) if value is not None}
            yield orjson.dumps(_with_review(record), option=orjson.OPT_APPEND_NEWLINE)

    return write


def _with_review(record: dict[str, Any]) -> dict[str, Any]:
    """Put the columns of a review together, as an event has them."""
    title, text = record.pop("review_title", None), record.pop("review_text", None)
    return record if text is None else {**record, "review": {"title": title, "text": text} if title else {"text": text}}


def _csv_writer(kind: Kind, has_header: bool) -> Callable[[Iterable[Row]], Iterator[bytes]]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def write(rows: Iterable[Row]) -> Iterator[bytes]:
        if has_header:
            writer.writerow(kind.columns)
        for row in rows:
            writer.writerow(map(_cell, row))
            yield _taken(buffer)
        yield _taken(buffer)

    return write


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "surrogatepass")
