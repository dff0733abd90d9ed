"""Make rows of records with named fields, for the formats whose columns are chosen (csv and jsonl)."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.importers.columns import ITEM_FIELDS, USER_FIELDS
from catalog.importers.fields import MAX_REVIEW_TITLE, clean, count, identifier, labels, number, rating, title, whole
from catalog.importers.lists import read_list
from catalog.importers.rows import BadField, EventRow, ItemRow, Scale, UserRow
from catalog.importers.tables import Row
from catalog.importers.times import event_time, latest_event, published_time

FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
MOST_DIGITS = 300
"""Digits of a whole number: more than any amount or id has, and fewer than Python takes long for."""

MOST_LEVELS = 50
"""Levels of objects and lists in each other: few enough to be read and written again anywhere."""

REMEDY = ": name the file's scale with --scale MIN..MAX; counts such as plays are no ratings (--map count=COLUMN)"

Record = Mapping[str, Any]
Maker = Callable[[Record], Row]


def event_maker(scale: Scale | None, now: datetime, default_type: str) -> Maker:
    """Return what makes an event of a record with the fields of EVENT_FIELDS; one without a type is of `default_type`.

    Without a scale no value is a rating: it may be anything, and is left out.
    """
    latest = latest_event(now)

    def make(record: Record) -> EventRow:
        type_name = _text(record, "type") or default_type
        value, when = _text(record, "value"), _text(record, "occurred_at")
        counted = _text(record, "count")
        amount: float | None = None
        if scale and type_name == "rating":
            amount = rating(value, scale, REMEDY)
        elif scale and value:
            amount = number(value, "value")
        item_id = _text(record, "item_id")
        # What types of events there are, and which are about no item, is known where events are stored.
        is_about_none = not item_id and type_name != default_type and type_name != "rating"
        return EventRow(
            identifier(_text(record, "user_id"), "user_id"),
            "" if is_about_none else identifier(item_id, "item_id"),
            type_name,
            amount,
            event_time(when, latest) if when else None,
            _object(record, "context") or None,
            count(counted) if counted and type_name != "rating" else 1,
            _event_id(record),
            _flag(record, "undated") or False,
            _review(record),
            _text(record, "left_out_as"),
        )

    return make


def make_item(record: Record) -> ItemRow:
    """Make an item of a record with the fields of ITEM_FIELDS; all other fields become features. Raises BadField."""
    published = _text(record, "published_at")
    return ItemRow(
        identifier(_text(record, "item_id"), "item_id"),
        title(_text(record, "title")),
        clean(_text(record, "description"), "description"),
        labels(_texts(record, "categories"), "categories"),
        labels(_texts(record, "tags"), "tags"),
        _other_fields(record, ITEM_FIELDS, "features"),
        clean(_text(record, "item_type"), "item_type")[:50],
        clean(_text(record, "group"), "group")[:255],
        published_time(published) if published else None,
        _flag(record, "is_available"),
        _moment(record, "available_from"),
        _moment(record, "available_until"),
        _moment(record, "created_at"),
        _moment(record, "updated_at"),
    )


def user_maker(now: datetime) -> Maker:
    """Return what makes a user of a record with the fields of USER_FIELDS; all other fields become demographics."""
    latest = latest_event(now)

    def make(record: Record) -> UserRow:
        created = _text(record, "created_at")
        return UserRow(
            identifier(_text(record, "user_id"), "user_id"),
            _other_fields(record, USER_FIELDS, "demographics"),
            _object(record, "preferences"),
            event_time(created, latest) if created else None,
            _moment(record, "last_active"),
            _moment(record, "opted_out_at"),
            tuple(identifier(name, "merged") for name in _texts(record, "merged")),
        )

    return make


def _event_id(record: Record) -> UUID | None:
    text = _text(record, "event_id")
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadField(f"event_id {text[:50]!r} is no UUID") from error


def _review(record: Record) -> dict[str, str] | None:
    """Return what was written beside a rating: an object, or two columns."""
    found = record.get("review")
    columns = {"title": record.get("review_title"), "text": record.get("review_text")}
    parts = found if isinstance(found, dict) else columns
    title_, text = (clean(_text(parts, name), f"the review's {name}") for name in ("title", "text"))
    if not text:
        return None
    return {"title": title_[:MAX_REVIEW_TITLE], "text": text} if title_ else {"text": text}


def _flag(record: Record, name: str) -> bool | None:
    """Return a yes or a no; None where the field is missing. Raises BadField."""
    value = record.get(name)
    if value is None or value == "":
        return None
    known = FLAGS.get(str(value).lower())
    if known is None:
        raise BadField(f"{name} {str(value)[:50]!r} is neither true nor false")
    return known


def _moment(record: Record, name: str) -> datetime | None:
    """Return a time between the years 1000 and 2199; None where the field is missing. Raises BadField."""
    text = _text(record, name)
    return published_time(text) if text else None


def _text(record: Record, name: str) -> str:
    """Return a field as text: a number as it is written, a missing one as an empty text. Raises BadField."""
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise BadField(f"{name} is neither a text nor a number")


def _texts(record: Record, name: str) -> list[str]:
    """Return the texts of a list, or of a text that holds one; see `read_list`."""
    value = record.get(name)
    return read_list(value if isinstance(value, list) else _text(record, name), name)


def _object(record: Record, name: str) -> dict[str, Any]:
    """Return an object, or that of a JSON text; an empty one where the field is missing. Raises BadField."""
    value = record.get(name) or {}
    if isinstance(value, str):
        value = load_json(value, name)
    if not isinstance(value, dict):
        raise BadField(f"{name} is not a JSON object")
    return storable(value, name)


def _other_fields(record: Record, fields: Mapping[str, object], into: str) -> dict[str, Any]:
    """Return the object in the field `into` together with every field that `fields` lacks; a year becomes a number."""
    others = {name: value for name, value in record.items() if name and name not in fields and value not in (None, "")}
    if isinstance(year := others.get("year"), str):
        others["year"] = whole(year) or year
    return storable(others, into) | _object(record, into)


def load_json(text: str, what: str) -> Any:
    """Return the value of a JSON text. Raises BadField; NaN and Infinity are not JSON."""
    try:
        return json.loads(
            text, parse_constant=_finite, parse_float=_finite, parse_int=_whole, object_pairs_hook=_unique
        )
    except RecursionError as error:
        raise BadField(f"{what} is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise BadField(f"{what} is broken JSON, from character {error.pos + 1} on") from error
    except ValueError as error:
        raise BadField(f"{what} is broken JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands more than once in one object")
    return found


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
    """Return the same value. Raises BadField where PostgreSQL can't hold it as JSON: NUL, halves of surrogate pairs,
    endless depth."""
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
    """Return True where objects and lists lie in each other in more than so many levels."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deep(one, levels - 1) for one in inner)
