"""Describe requests, apart from sending them: the sync and the async client send the same descriptions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote
from uuid import UUID

T = TypeVar("T")
Query = Mapping[str, Any]
JSON, NDJSON = "application/json", "application/x-ndjson"
BLOCK = 64 * 1024


class Lines:
    """Stream rows as NDJSON, in constant memory, from both kinds of client."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = rows
        self.may_repeat = iter(rows) is not rows
        """False for generators and the like, which can be read but once."""

    def __iter__(self) -> Iterator[bytes]:
        block = bytearray()
        for row in self._rows:
            block += encoded(row) + b"\n"
            if len(block) >= BLOCK:
                yield bytes(block)
                block.clear()
        yield bytes(block)

    async def asynchronously(self) -> AsyncIterator[bytes]:
        """Iterate over the same for an async client."""
        for block in self:
            yield block


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request to the API; its answer is a T."""

    method: str
    path: str
    """Below /api/v1/, with {} for each of `ids`."""
    ids: Sequence[str | int] = ()
    query: Query = field(default_factory=dict)
    body: Any = None
    """What is sent as JSON; None for nothing."""
    lines: Lines | None = None
    """Rows that are streamed instead of a body."""
    is_once: bool = False
    """True for what must not be done twice: it gets an Idempotency-Key."""
    idempotency_key: str | None = None
    accept: str = JSON
    is_for_once: bool = False
    """True for what the server takes but once, and that no key makes safe to repeat."""

    @property
    def may_repeat(self) -> bool:
        """Tell if it can be sent again."""
        return not self.is_for_once and (self.lines is None or self.lines.may_repeat)

    @property
    def address(self) -> str:
        """Return the path with the ids in it."""
        return self.path.format(*(segment(one) for one in self.ids))

    @property
    def pairs(self) -> list[tuple[str, str | int | float | bool | None]]:
        """Return the parameters as they stand in an address; those that are None are left out."""
        return [(name, _text(value)) for name, values in self.query.items() for value in _many(values)]

    def asking(self, **parameters: Any) -> Call[T]:
        """Return the same call with other parameters."""
        return replace(self, query={**self.query, **parameters})


def get(path: str, *ids: str | int, **query: Any) -> Call[Any]:
    """Describe a request that reads."""
    return Call("GET", path, ids, query)


def post(path: str, *ids: str | int, body: Any = None, once: bool = False, key: str | None = None) -> Call[Any]:
    """Describe a POST; with `once` it is done once, however often it has to be sent."""
    return Call("POST", path, ids, body={} if body is None else body, is_once=once, idempotency_key=key)


def given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def encoded(value: Any) -> bytes:
    """Return a value as JSON; times become ISO 8601."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def segment(value: str | int) -> str:
    """Return an id as a part of an address: it may hold slashes and any letter."""
    text = quote(str(value), safe="")
    # Clients and proxies would take these for steps in the path.
    return text.replace(".", "%2E") if text in {".", ".."} else text


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} can't be sent as JSON.")


def _many(values: Any) -> Iterable[Any]:
    if values is None:
        return ()
    return values if isinstance(values, (list, tuple, set, frozenset)) else (values,)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)
