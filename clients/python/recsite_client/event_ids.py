"""Give events their ids before they are sent, so that sending one twice stores it once."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUIDv7 (RFC 9562): the present millisecond, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    number &= ~(0xF << 76) & ~(0x3 << 62)
    return UUID(int=number | (0x7 << 76) | (0x2 << 62))


def dated(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event with an id; where it names no time, that of its id counts."""
    made = {name: value for name, value in event.items() if value is not None}
    made.setdefault("event_id", str(uuid7()))
    return made
