"""Read points in time from requests, by the rule that files and events follow."""

from datetime import UTC, datetime
from typing import Any

from catalog.importers.rows import BadField
from catalog.importers.times import FIRST_SECONDS, unix_seconds
from recsite.platform.values import ValueType, WrongValue

HOW = "A time is needed: ISO 8601 such as 2026-05-01T12:00:00Z, a date such as 20260501, or a Unix time."
FIRST, LAST = -62_135_596_800, 253_402_300_799
"""The first second of the year 1 and the last of 9999: what a date can hold."""


class Moment(ValueType):
    """Read a time, UTC where it names no zone."""

    def from_text(self, text: str) -> datetime:
        # A plus sign that was not escaped comes as a space.
        head, space, zone = text.strip().rpartition(" ")
        written = f"{head}+{zone}" if space and "T" in head else text.strip()
        try:
            return datetime.fromtimestamp(min(max(unix_seconds(written), FIRST), LAST), UTC)
        except BadField as error:
            raise WrongValue(HOW) from error

    def from_json(self, value: Any) -> datetime:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise WrongValue(HOW)
        return self.from_text(str(value))

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
                {"type": "number", "minimum": FIRST_SECONDS},
            ]
        }
