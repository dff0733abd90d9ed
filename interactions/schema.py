"""Judge an event from itself alone. Pure: no database, no clock of its own."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uuid_utils

from catalog.ids import InvalidId, clean_id
from catalog.importers.rows import BadField
from catalog.importers.times import CLOCK_SKEW, stated_seconds

CONTEXT_BYTES = 16_384
MOST_LEVELS = 50
"""Of objects and lists in a context: few enough to be read and written again anywhere."""

PROFILE_UPDATE, PROFILE = "profile_update", ("preferences", "demographics")
"""The type whose events change a user's profile, and the parts of it that their context may bring."""

UNDO, UNDOES = "undo", "undoes"
"""The type whose events take another one back, and the name in their context of that one's event_id."""

LONGEST = {"title": 200, "text": 10_000}
"""What a review has, and the characters of each."""

AMOUNTS = (0.0, 1e9)
"""Between these lies the value of an event that is no rating, such as a price, unless staff say otherwise."""

TOO_DEEP = "This is nested too deeply."
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_MS = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class TypeRule:
    """Holds what the schema must know of an interaction type: its scale, or None where it carries no rating."""

    name: str
    scale: tuple[float, float] | None = None
    needs_item: bool = True
    """Whether its events are about an item; a login is about none."""
    amounts: tuple[float, float] = AMOUNTS
    """Bounds of a value where there is no scale."""

    def value_error(self, value: float) -> str:
        """Return why the type can't have this value, as a sentence; empty where it can."""
        least, most = self.scale or self.amounts
        if least <= value <= most:
            return ""
        return f"The value of a {self.name} lies between {least:,.10g} and {most:,.10g}."


@dataclass(frozen=True, slots=True)
class Event:
    """Holds something that a user did, nearly always with an item.

    `event_id` and `occurred_at` never change, however often it is sent.
    """

    event_id: UUID
    user_id: str
    item_id: str
    """Empty where the type is about no item."""
    type: str
    occurred_at: datetime
    value: float | None = None
    context: dict[str, Any] = field(default_factory=dict)
    undated: bool = False
    review: dict[str, str] | None = None
    """What the user wrote beside a rating: `text`, and perhaps a `title`."""


class InvalidEvent(Exception):
    """Says why an event was refused, by field: {"value": "The value of a rating lies between 1 and 5."}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {reason}" for name, reason in errors.items()))
        self.errors = errors


class _Parser:
    """Collects every error of one raw event, so that a client learns all of them at once."""

    def __init__(
        self, raw: Mapping[str, Any], types: Mapping[str, TypeRule], now: datetime, context_bytes: int
    ) -> None:
        self.raw, self.types, self.now, self.context_bytes = raw, types, now, context_bytes
        self.errors: dict[str, str] = {}

    def identifier(self, name: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str) or not value.strip():
            how = " Put the number in quotes." if _is_finite(value) else ""
            self.errors[name] = f"A text that is not empty is needed.{how}"
            return ""
        try:
            return clean_id(value)
        except InvalidId as error:
            self.errors[name] = f"The id {error}."
            return ""

    def item(self, type_name: str) -> str:
        if type_name not in self.types or self.types[type_name].needs_item:
            return self.identifier("item_id")
        if self.raw.get("item_id") not in (None, ""):
            self.errors["item_id"] = f"A {type_name} is about no item: leave it out."
        return ""

    def review(self, type_name: str) -> dict[str, str] | None:
        value = self.raw.get("review")
        if value is None:
            return None
        if type_name in self.types and not self.types[type_name].scale:
            self.errors["review"] = f"A {type_name} carries no review: send it with a rating."
        elif not isinstance(value, dict) or value.keys() - LONGEST.keys() or not _is_text(value.get("text")):
            self.errors["review"] = "An object with a text, and perhaps a title, is needed."
        elif not all(_is_text(words) and len(words) <= LONGEST[name] for name, words in value.items()):
            most = " and ".join(f"{most:,} characters of {name}" for name, most in LONGEST.items())
            self.errors["review"] = f"Texts that are not empty are needed, at most {most}."
        else:
            return dict(value)
        return None

    def type(self) -> str:
        value = self.raw.get("type")
        if not isinstance(value, str) or value not in self.types:
            self.errors["type"] = f"Unknown interaction type. Known: {', '.join(sorted(self.types))}."
            return ""
        return value

    def value(self, type_name: str) -> float | None:
        value = self.raw.get("value")
        rule = self.types.get(type_name)
        if value is None:
            if rule and rule.scale:
                self.errors["value"] = f"A {type_name} needs a value between {rule.scale[0]:g} and {rule.scale[1]:g}."
            return None
        if not _is_finite(value):
            how = " Leave out the quotes: it came as a text." if isinstance(value, str) else ""
            self.errors["value"] = f"A finite number is needed, such as 5 or 3.5.{how}"
            return None
        if rule and (wrong := rule.value_error(value)):
            self.errors["value"] = wrong
        return float(value)

    def context(self) -> dict[str, Any]:
        value = self.raw.get("context")
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.errors["context"] = "An object is needed."
            return {}
        if not value:
            return value
        try:
            text = json.dumps(value)
        except RecursionError:
            self.errors["context"] = TOO_DEEP
            return {}
        # In ASCII: as many bytes as characters.
        if len(text) > self.context_bytes:
            self.errors["context"] = f"At most {self.context_bytes:,} bytes of JSON; this has {len(text):,}."
        elif text.count("{") + text.count("[") > MOST_LEVELS and _is_deep(value):
            self.errors["context"] = TOO_DEEP
        elif "\\u0000" in text and _has_nul(value):
            self.errors["context"] = "A NUL character can't be stored: leave it out."
        elif self.raw.get("type") == PROFILE_UPDATE and not all(
            isinstance(value.get(part, {}), dict) for part in PROFILE
        ):
            self.errors["context"] = f"Objects are needed in {' and '.join(PROFILE)}."
        return value

    def undoes(self, type_name: str, context: Mapping[str, Any]) -> None:
        if type_name == UNDO and "context" not in self.errors and undone_id(context) is None:
            self.errors["context"] = f"Name the event to take back: its event_id as {UNDOES}, beside its user and item."

    def event_id(self) -> UUID | None:
        value = self.raw.get("event_id")
        if value is None:
            return None
        try:
            return UUID(value)
        except (ValueError, AttributeError, TypeError):
            self.errors["event_id"] = "A UUID is needed (a UUIDv7 carries its own time)."
            return None

    def occurred_at(self, event_id: UUID | None) -> datetime:
        value = self.raw.get("occurred_at")
        if value is None:
            return self._time_of(event_id)
        try:
            seconds = stated_seconds(value)
        except BadField:
            self.errors["occurred_at"] = (
                "A time is needed: ISO 8601 such as 2026-05-01T12:00:00Z (UTC where it names no zone), a date such as "
                "20260501, or a Unix time of after 1973."
            )
            return self.now
        if not 0 <= seconds <= LATEST_MS / 1000:
            return self._outside()
        return self._in_range(datetime.fromtimestamp(seconds, UTC))

    def _time_of(self, event_id: UUID | None) -> datetime:
        if event_id is None:
            return self.now
        if event_id.version != 7:
            self.errors["occurred_at"] = "Needed where event_id is not a UUIDv7: a retry must carry the same time."
            return self.now
        milliseconds = event_id.int >> 80
        # Its 48 bits reach to the year 10889, which no date of Python's can hold.
        if milliseconds > LATEST_MS:
            return self._outside()
        return self._in_range(datetime.fromtimestamp(milliseconds / 1000, UTC))

    def _in_range(self, when: datetime) -> datetime:
        return when.astimezone(UTC) if OLDEST <= when <= self.now + CLOCK_SKEW else self._outside()

    def _outside(self) -> datetime:
        self.errors["occurred_at"] = (
            f"The time lies outside 1970-01-01 to {self.now + CLOCK_SKEW:%Y-%m-%d}. Check the clock that wrote it."
        )
        return self.now


def undone_id(context: Mapping[str, Any]) -> UUID | None:
    """Return the id of the event that one with this context takes back; None where it names none."""
    try:
        return UUID(context.get(UNDOES))
    except (ValueError, AttributeError, TypeError):
        return None


def _is_finite(value: object) -> bool:
    """Tell numbers that a float can hold from everything else; Python's whole numbers have no end."""
    return (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and -sys.float_info.max <= value <= sys.float_info.max
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\x00" not in value


def _is_deep(value: object, levels: int = MOST_LEVELS) -> bool:
    """Return True where objects and lists lie in each other in more than so many levels."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deep(one, levels - 1) for one in inner)


def _has_nul(value: object) -> bool:
    """Return True where a text anywhere in a JSON value holds U+0000, which PostgreSQL can't store."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def new_event_id() -> UUID:
    """Make a UUIDv7."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def parse(
    raw: Mapping[str, Any], types: Mapping[str, TypeRule], now: datetime, context_bytes: int = CONTEXT_BYTES
) -> Event:
    """Read the event in `raw`. `now` (aware, UTC) dates an event that brings neither time nor id; `context_bytes` is
    the largest context.

    Raises InvalidEvent with one sentence for each field that is wrong.
    """
    parser = _Parser(raw, types, now, context_bytes)
    type_name = parser.type()
    event_id, context = parser.event_id(), parser.context()
    parser.undoes(type_name, context)
    event = Event(
        event_id=event_id or new_event_id(),
        user_id=parser.identifier("user_id"),
        item_id=parser.item(type_name),
        type=type_name,
        occurred_at=parser.occurred_at(event_id),
        value=parser.value(type_name),
        context=context,
        review=parser.review(type_name),
    )
    if parser.errors:
        raise InvalidEvent(parser.errors)
    return event
