"""Rows from records with named fields, for the formats whose columns a person chooses (csv and jsonl)."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from catalog.importers.fields import (
    BadField,
    clean,
    identifier,
    labels,
    latest_moment,
    moment,
    number,
    rating,
    title,
    whole,
)
from catalog.importers.rows import EventRow, ItemRow, Scale, UnreadableSource, UserRow
from catalog.importers.tables import Row, plain

MOST_DIGITS = 300
"""Of a whole number: more than any amount or id has, and fewer than Python takes long for."""

MOST_LEVELS = 50
"""Of objects and lists in each other: few enough to be read and written again anywhere."""

Record = Mapping[str, Any]
Maker = Callable[[Record], Row]

# The names under which the fields are found where nobody maps them; the first that is there wins.
USER_ID = ("userid", "user", "personid", "customerid", "visitorid", "visitor", "memberid")
ITEM_ID = ("itemid", "item", "productid", "movieid", "bookid", "articleid", "isbn", "sku")
EVENT_FIELDS: dict[str, tuple[str, ...]] = {
    "user_id": USER_ID,
    "item_id": ITEM_ID,
    "type": ("type", "eventtype", "event", "action", "interactiontype"),
    "value": ("value", "rating", "score", "stars", "amount"),
    "occurred_at": ("occurredat", "timestamp", "time", "datetime", "date", "createdat"),
    "context": ("context",),
}
ITEM_FIELDS: dict[str, tuple[str, ...]] = {
    "item_id": (*ITEM_ID, "id"),
    "title": ("title", "name"),
    "description": ("description", "summary"),
    "categories": ("categories", "category", "genres", "genre"),
    "tags": ("tags", "keywords"),
    "item_type": ("itemtype", "kind"),
    "group": ("group",),
    "published_at": ("publishedat", "published", "releasedate"),
    "features": ("features",),
}
USER_FIELDS: dict[str, tuple[str, ...]] = {
    "user_id": (*USER_ID, "id"),
    "created_at": ("createdat", "registeredat", "signupdate"),
    "preferences": ("preferences",),
    "demographics": ("demographics",),
}


def find_fields(fields: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> dict[str, str]:
    """Which of `names` holds which field. A field that is nowhere is left out."""
    by_plain = {plain(name): name for name in reversed(list(names))}
    places = {field: next(filter(by_plain.__contains__, usual), None) for field, usual in fields.items()}
    return {field: by_plain[place] for field, place in places.items() if place is not None}


def mapped_event_fields(mapping: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The names under which to look for an event's fields: of a mapped field, only the one that was given.

    Raises UnreadableSource where a field is mapped that events don't have.
    """
    if unknown := sorted(set(mapping) - set(EVENT_FIELDS)):
        raise UnreadableSource(f"--map doesn't know {', '.join(unknown)}; it maps {', '.join(EVENT_FIELDS)}.")
    return EVENT_FIELDS | {field: (plain(column),) for field, column in mapping.items()}


def event_maker(scale: Scale, now: datetime, default_type: str) -> Maker:
    """What makes an event of a record with the fields of EVENT_FIELDS; one without a type is of `default_type`."""
    latest = latest_moment(now)

    def make(record: Record) -> EventRow:
        kind = _text(record, "type") or default_type
        value, when = _text(record, "value"), _text(record, "occurred_at")
        if kind == "rating":
            amount: float | None = rating(value, scale)
        else:
            amount = number(value, "value") if value else None
        return EventRow(
            identifier(_text(record, "user_id"), "user_id"),
            identifier(_text(record, "item_id"), "item_id"),
            kind,
            amount,
            moment(when, latest) if when else None,
            _object(record, "context") or None,
        )

    return make


def item_maker(now: datetime) -> Maker:
    """What makes an item of a record with the fields of ITEM_FIELDS; all other fields become features."""
    latest = latest_moment(now)

    def make(record: Record) -> ItemRow:
        published = _text(record, "published_at")
        return ItemRow(
            identifier(_text(record, "item_id"), "item_id"),
            title(_text(record, "title")),
            clean(_text(record, "description"), "description"),
            labels(_texts(record, "categories"), "categories"),
            labels(_texts(record, "tags"), "tags"),
            _facts(record, ITEM_FIELDS, "features"),
            clean(_text(record, "item_type"), "item_type")[:50],
            clean(_text(record, "group"), "group")[:255],
            moment(published, latest) if published else None,
        )

    return make


def user_maker(now: datetime) -> Maker:
    """What makes a person of a record with the fields of USER_FIELDS; all other fields become demographics."""
    latest = latest_moment(now)

    def make(record: Record) -> UserRow:
        created = _text(record, "created_at")
        return UserRow(
            identifier(_text(record, "user_id"), "user_id"),
            _facts(record, USER_FIELDS, "demographics"),
            _object(record, "preferences"),
            moment(created, latest) if created else None,
        )

    return make


def _text(record: Record, name: str) -> str:
    """A field as text: a number as it is written, nothing as an empty text."""
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise BadField(f"{name} is neither a text nor a number")


def _texts(record: Record, name: str) -> list[str]:
    """A list of texts, or one text divided by | or ; or, where neither is there, by commas."""
    value = record.get(name)
    if not isinstance(value, list):
        text = _text(record, name)
        return re.split(r"[|;]" if re.search(r"[|;]", text) else ",", text)
    if not all(isinstance(entry, str) for entry in value):
        raise BadField(f"{name} holds something that is not a text")
    return value


def _object(record: Record, name: str) -> dict[str, Any]:
    """An object, or the JSON of one; an absent one is empty."""
    value = record.get(name) or {}
    if isinstance(value, str):
        value = load_json(value, name)
    if not isinstance(value, dict):
        raise BadField(f"{name} is not a JSON object")
    return storable(value, name)


def _facts(record: Record, fields: Mapping[str, object], into: str) -> dict[str, Any]:
    """The object in the field `into`, and every field that has no place of its own; a year becomes a number."""
    others = {name: value for name, value in record.items() if name and name not in fields and value not in (None, "")}
    if isinstance(year := others.get("year"), str):
        others["year"] = whole(year) or year
    return storable(others, into) | _object(record, into)


def load_json(text: str, what: str) -> Any:
    """The value of a JSON text. NaN and Infinity are not JSON."""
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite, parse_int=_whole)
    except RecursionError as error:
        raise BadField(f"{what} is nested too deeply") from error
    except ValueError as error:
        raise BadField(f"{what} is broken JSON: {error}") from error


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:50]} is no number that can be stored")
    return value


def storable(value: dict[str, Any], what: str) -> dict[str, Any]:
    """The same value, if PostgreSQL can hold it as JSON: without NUL, halves of surrogate pairs and endless depth."""
    if value:
        try:
            written = json.dumps(value, ensure_ascii=False)
        except RecursionError as error:
            raise BadField(f"{what} is nested too deeply") from error
        if _is_deep(value):
            raise BadField(f"{what} is nested too deeply")
        if "\\u0000" in written:
            raise BadField(f"{what} holds a NUL character")
        clean(written, what)
    return value


def _is_deep(value: object, levels: int = MOST_LEVELS) -> bool:
    """Whether objects and lists lie in each other in more than so many levels."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deep(one, levels - 1) for one in inner)
