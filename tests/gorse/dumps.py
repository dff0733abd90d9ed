"""Write Gorse's files byte by byte, from the description of their form."""

import json
import struct
from datetime import datetime
from typing import Any

USERS, ITEMS, FEEDBACK, END = (struct.pack("<q", number) for number in (-1, -2, -3, 0))


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: str | bytes | bool | float) -> bytes:
    """One field: texts and bytes with their length, true as a varint, a float in eight bytes."""
    if isinstance(value, bool):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def moment(number: int, when: datetime) -> bytes:
    seconds, micros = divmod(round(when.timestamp() * 1_000_000), 1_000_000)
    parts = b"\x08" + varint(seconds)
    return field(number, parts + (b"\x10" + varint(micros * 1000) if micros else b""))


def labels(number: int, value: Any) -> bytes:
    return field(number, json.dumps(value))


def user(user_id: str, about: Any = None, comment: str = "") -> bytes:
    return field(1, user_id) + labels(2, about) + (field(3, comment) if comment else b"")


def item(item_id: str, when: datetime, about: Any = None, *, comment: str = "", **rest: Any) -> bytes:
    start = field(2, item_id) + (field(3, True) if rest.get("hidden") else b"")
    named = b"".join(field(4, name) for name in rest.get("categories", ()))
    return start + named + moment(5, when) + labels(6, about) + (field(7, comment) if comment else b"")


def feedback(kind: str, user_id: str, item_id: str, when: datetime, value: float = 0.0) -> bytes:
    """As newer versions write it: a value of 0 is left out, as all zeros are."""
    start = field(2, kind) + field(3, user_id) + field(4, item_id)
    return start + (field(5, value) if value else b"") + moment(6, when)


def old_feedback(kind: str, user_id: str, item_id: str, when: datetime) -> bytes:
    """As versions without a value write it."""
    return field(2, kind) + field(3, user_id) + field(4, item_id) + moment(5, when)


def dump(users: list[bytes], items: list[bytes], happened: list[bytes]) -> bytes:
    def part(announced: bytes, messages: list[bytes]) -> bytes:
        return announced + b"".join(struct.pack("<q", len(one)) + one for one in messages)

    totals = json.dumps({"Users": len(users), "Items": len(items), "Feedback": len(happened), "Duration": 1})
    return part(USERS, users) + part(ITEMS, items) + part(FEEDBACK, happened) + END + totals.encode()
