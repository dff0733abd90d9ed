"""Write an event as bytes for a topic, and read it back. Pure: no broker, no database."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from interactions.schema import CONTEXT_BYTES, Event, InvalidEvent, TypeRule, parse
from recsite.platform.parsers import strict_json

VERSION = 1
FIELDS = frozenset(
    ("version", "event_id", "user_id", "item_id", "type", "value", "occurred_at", "context", "review", "source")
)
EXTRA = "extra"
"""Where fields that this version doesn't know are kept, in the event's context."""


def fields_of(event: Event, source: str) -> dict[str, Any]:
    """Return the event as a JSON object; docs/EVENTS.md has the fields."""
    fields = {
        "version": VERSION,
        "event_id": str(event.event_id),
        "user_id": event.user_id,
        "item_id": event.item_id,
        "type": event.type,
        "value": event.value,
        "occurred_at": event.occurred_at.isoformat(),
        "context": event.context,
        "source": source,
    }
    return fields | ({"review": event.review} if event.review else {})


def encode(event: Event, source: str = "api") -> bytes:
    """Return `fields_of` as JSON in UTF-8."""
    return json.dumps(fields_of(event, source), separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


def decode(
    raw: bytes, types: Mapping[str, TypeRule], now: datetime, context_bytes: int = CONTEXT_BYTES
) -> tuple[Event, str]:
    """Return the event and its source. Raises InvalidEvent, also for a version that nobody here knows."""
    fields = loads(raw)
    version = fields.get("version")
    if version != VERSION or isinstance(version, bool):
        raise InvalidEvent({"version": f"This is {version!r}, and only {VERSION} is known here."})
    if fields.get("event_id") is None:
        raise InvalidEvent({"event_id": "Needed on a topic: what comes twice must be the same event."})
    source = fields.get("source")
    name = source[:50] if isinstance(source, str) and source else "kafka"
    return parse(with_extra(fields), types, now, context_bytes), name


def with_extra(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Move fields that this version doesn't know into the context, under EXTRA."""
    if fields.keys() <= FIELDS:
        return dict(fields)
    known = {name: value for name, value in fields.items() if name in FIELDS}
    unknown = {name: value for name, value in fields.items() if name not in FIELDS}
    context = fields.get("context")
    if unknown and (context is None or isinstance(context, dict)):
        known["context"] = {**(context or {}), EXTRA: unknown}
    return known


def loads(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in some bytes. Raises InvalidEvent."""
    try:
        fields = strict_json(raw)
    except ValueError as fault:
        raise InvalidEvent({"body": str(fault)}) from fault
    if not isinstance(fields, dict):
        raise InvalidEvent({"body": "One JSON object is needed."})
    return fields


def readable(raw: bytes) -> dict[str, Any]:
    """Turn any bytes into a JSON object that PostgreSQL can store: the object they are, or their text as `raw`."""
    with suppress(InvalidEvent, RecursionError):
        fields = loads(raw)
        if "\\u0000" not in json.dumps(fields):
            return fields
    return {"raw": raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")}
