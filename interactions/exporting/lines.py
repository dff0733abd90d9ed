"""Write rows as lines of JSON or of CSV, in the shape that `import_data` reads."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson

from interactions.exporting.kinds import Kind, Row

MEDIA_TYPES = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
FORMATS = tuple(MEDIA_TYPES)


def lines(kind: Kind, format_: str, rows: Iterable[Row], *, has_header: bool = True) -> Iterator[bytes]:
    """Yield the rows as lines; a CSV file that is gone on with has its header already."""
    return _csv(kind, rows, has_header) if format_ == "csv" else _json(kind, rows)


def _json(kind: Kind, rows: Iterable[Row]) -> Iterator[bytes]:
    for row in rows:
        record = {
            name: orjson.Fragment(value) if name in kind.objects else value
            for name, value in zip(kind.columns, row, strict=True)
            if value is not None
        }
        yield orjson.dumps(_with_review(record), option=orjson.OPT_APPEND_NEWLINE)


def _with_review(record: dict[str, Any]) -> dict[str, Any]:
    """Put the columns of a review together, as an event has them."""
    title, text = record.pop("review_title", None), record.pop("review_text", None)
    return record if text is None else {**record, "review": {"title": title, "text": text} if title else {"text": text}}


def _csv(kind: Kind, rows: Iterable[Row], has_header: bool) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if has_header:
        writer.writerow(kind.columns)
    for row in rows:
        writer.writerow(map(_cell, row))
        yield _taken(buffer)
    yield _taken(buffer)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else value


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8", "surrogatepass")
