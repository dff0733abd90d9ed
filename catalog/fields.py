"""Define the fields of items and users that clients may write: how each is read from JSON, and described.

One table for creating, replacing, changing and loading many, so that none of them knows a field that another doesn't.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.importers.fields import MAX_LABEL_LENGTH, MAX_TITLE_LENGTH
from catalog.importers.records import storable
from catalog.importers.rows import BadField
from recsite.platform.exceptions import Invalid
from recsite.platform.moments import Moment
from recsite.platform.request_fields import NEEDED
from recsite.platform.values import (
    Boolean,
    FreeText,
    Many,
    Text,
    ValueType,
    WrongValue,
    of_wrong_kind,
    unknown_names,
)

LONGEST_DESCRIPTION = 100_000
MOST_LABELS = 100
MOST_OBJECT_BYTES = 65_536
ENDS_TOO_EARLY = "It must lie after the time from which the item is available."
STATED = ("categories", "tags", "liked", "disliked")
"""Names in a user's preferences that lists go by."""


class Line(Text):
    """Read a text of one line, without white space around it."""

    def from_text(self, text: str) -> str:
        return super().from_text(text).strip()


class Labels(Many):
    """Read categories or tags; one that stands twice counts once."""

    def from_json(self, value: Any) -> list[str]:  # type: ignore[override]  # the database's arrays are lists
        return list(dict.fromkeys(super().from_json(value)))


class MomentOrNone(Moment):
    """Read a time, or null for none."""

    def from_json(self, value: Any) -> datetime | None:  # type: ignore[override]  # none is a value here
        return None if value is None else super().from_json(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [*super().schema()["anyOf"], {"type": "null"}]}


class JsonObject(ValueType):
    """Read an object of any names, as PostgreSQL can store it."""

    def from_json(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise of_wrong_kind('An object is needed, such as {"name": "value"}.', value)
        try:
            storable(value, "It")
        except BadField as error:
            raise WrongValue(f"{error}.") from error
        if (size := _size(value)) > MOST_OBJECT_BYTES:
            raise WrongValue(f"At most {MOST_OBJECT_BYTES:,} characters of JSON are possible; these are {size:,}.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": True}


class Preferences(JsonObject):
    """Read what a user says of themselves; the names that lists go by hold lists of texts."""

    def from_json(self, value: Any) -> dict[str, Any]:
        found = super().from_json(value)
        for name in STATED:
            if not isinstance(texts := found.get(name, []), list) or not all(isinstance(one, str) for one in texts):
                raise WrongValue(f"A list of texts is needed in {name}.")
        return found

    def schema(self) -> dict[str, Any]:
        texts = {"type": "array", "items": {"type": "string"}}
        return {**super().schema(), "properties": dict.fromkeys(STATED, texts)}


@dataclass(frozen=True)
class Field:
    """Hold how a field is read, what it is where nobody names it, and its description."""

    type: ValueType
    default: Any
    description: str
    is_needed: bool = False
    is_ours: bool = False
    """True for what the server sets: it may stand in a body, as an answer had it, and is not read."""


LABELS = Labels(Line(MAX_LABEL_LENGTH), MOST_LABELS)
ITEM: Mapping[str, Field] = {
    "title": Field(Line(MAX_TITLE_LENGTH), "", "The title.", is_needed=True),
    "description": Field(FreeText(LONGEST_DESCRIPTION), "", "A text; models and the search read it."),
    "categories": Field(LABELS, [], "The categories, most important first."),
    "tags": Field(LABELS, [], "Further words that lists may be filtered by."),
    "features": Field(JsonObject(), {}, "Whatever else is known of it, such as its `creator`, `year` or `price`."),
    "item_type": Field(FreeText(50), "", "The type, such as book or film."),
    "is_available": Field(Boolean(), True, "What is not available is never recommended."),
    "available_from": Field(MomentOrNone(), None, "Not recommended before."),
    "available_until": Field(MomentOrNone(), None, "Not recommended from then on."),
    "group": Field(FreeText(255), "", "Variants of one thing share a group: a list never shows two of them."),
    "published_at": Field(MomentOrNone(), None, "When it was or will be published."),
    "created_at": Field(Moment(), None, "When it came into the catalogue. Default: now."),
    "updated_at": Field(Moment(), None, "Set by the server; not read.", is_ours=True),
}
USER: Mapping[str, Field] = {
    "preferences": Field(Preferences(), {}, "What the user says of themselves: lists for newcomers go by it."),
    "demographics": Field(JsonObject(), {}, "Such as age or country."),
    "created_at": Field(Moment(), None, "When the user joined. Default: now."),
    "last_active": Field(MomentOrNone(), None, "When the user was last active; their events move it on."),
    "opted_out_at": Field(MomentOrNone(), None, "Set by .../opt-out; not read here.", is_ours=True),
}


def read(fields: Mapping[str, Field], body: Any, known: Mapping[str, ValueType]) -> dict[str, Any]:
    """Return the values that a body names, checked; `known` are names beside the fields, such as the id.

    Raises Invalid with a sentence for each name that is unknown and each value that is wrong.
    """
    if not isinstance(body, dict):
        raise Invalid({"body": "An object is needed."})
    types = {**known, **{name: field.type for name, field in fields.items()}}
    errors = dict(
        unknown_names(body.keys() - types.keys(), lambda _: f"There is no such field. Known: {', '.join(types)}.")
    )
    values = dict[str, Any]()
    for name in types.keys() & body.keys():
        try:
            values[name] = types[name].from_json(body[name])
        except WrongValue as wrong:
            errors[name] = str(wrong)
    if errors:
        raise Invalid(errors)
    return {name: value for name, value in values.items() if name not in fields or not fields[name].is_ours}


def need(fields: Mapping[str, Field], values: Mapping[str, Any]) -> None:
    """Raise Invalid where a field is missing without which nothing is made."""
    if missing := [name for name, field in fields.items() if field.is_needed and name not in values]:
        raise Invalid(dict.fromkeys(missing, NEEDED))


def with_defaults(fields: Mapping[str, Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every field that clients write; times without one are left out, and stay or become now."""
    defaults = {
        name: field.default.copy() if isinstance(field.default, list | dict) else field.default
        for name, field in fields.items()
        if not field.is_ours and name not in ("created_at", "last_active")
    }
    return {**defaults, **values}


def schema(fields: Mapping[str, Field], known: Mapping[str, ValueType], needed: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the JSON schema of a body with these fields."""
    described = {name: {**field.type.schema(), "description": field.description} for name, field in fields.items()}
    properties = {**{name: type_.schema() for name, type_ in known.items()}, **described}
    required = {"required": list(needed)} if needed else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **required}


def _size(value: dict[str, Any]) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
