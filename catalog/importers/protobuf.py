"""Read messages of protobuf field by field: the few lines of its wire format that a reader needs.

https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from catalog.importers.rows import BadField

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT = 10
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Field(NamedTuple):
    """Hold a field as it was written: its number, its wire type, and a whole number or bytes."""

    number: int
    wire: int
    value: int | bytes

    @property
    def text(self) -> str:
        """Return it as a text. Raises BadField."""
        try:
            return self.raw.decode()
        except UnicodeDecodeError as error:
            raise BadField("the message holds bytes that are no UTF-8") from error

    @property
    def raw(self) -> bytes:
        """Return its bytes. Raises BadField where it is a number."""
        if not isinstance(self.value, bytes):
            raise BadField("the message is not of the expected form")
        return self.value

    @property
    def number_of_eight_bytes(self) -> float:
        """Return it as a double."""
        return float(struct.unpack("<d", self.raw)[0])

    @property
    def moment(self) -> datetime:
        """Return it as a google.protobuf.Timestamp. Raises BadField."""
        parts = {part.number: part.value for part in fields(self.raw)}
        seconds, nanos = parts.get(1, 0), parts.get(2, 0)
        if not isinstance(seconds, int) or not isinstance(nanos, int):
            raise BadField("the message is not of the expected form")
        try:
            return EPOCH + timedelta(seconds=_signed(seconds), microseconds=nanos // 1000)
        except OverflowError as error:
            raise BadField("a time lies outside the years 1 to 9999") from error


def fields(message: bytes) -> Iterator[Field]:
    """Yield the fields of a message. Raises BadField where it is none."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        value: int | bytes
        if wire == VARINT:
            value, at = _varint(message, at)
        else:
            size = FIXED.get(wire, -1)
            if wire == BYTES:
                size, at = _varint(message, at)
            if size < 0 or at + size > len(message):
                raise BadField("the message is damaged")
            value, at = message[at : at + size], at + size
        yield Field(key >> 3, wire, value)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number whose bytes begin there, seven bits in each, and where the next begin."""
    value = 0
    for place in range(LONGEST_VARINT):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise BadField("the message is damaged")


def _signed(number: int) -> int:
    """Return a number of 64 bits as int64 has it: below zero from half its range on."""
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number
