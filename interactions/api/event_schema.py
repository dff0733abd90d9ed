"""Describe an event as JSON schema, from the types as they are now: it allows what `interactions.schema` takes."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

from catalog.ids import MAX_ID_LENGTH
from catalog.importers.times import FIRST_SECONDS
from catalog.validation import Id
from interactions import types
from interactions.schema import LONGEST, TypeRule
from recsite.platform.database import DatabaseDown
from recsite.platform.values import NOT_BLANK

ID = Id().schema()
COMPONENT = "EventIn"
DATE = r"^[0-9]{4}-?[0-9]{2}-?[0-9]{2}(T[0-9:.]+)?$"


def text(longest: int, description: str = "") -> dict[str, Any]:
    """Return the schema of a text that is not blank."""
    told = {"description": description} if description else {}
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": NOT_BLANK, **told}


REVIEW = {
    "type": ["object", "null"],
    "description": "What the user wrote beside a rating.",
    "required": ["text"],
    "properties": {name: text(longest) for name, longest in LONGEST.items()},
    "additionalProperties": False,
}
PROPERTIES: dict[str, Any] = {
    "user_id": ID,
    "item_id": {
        "type": ["string", "null"],
        "maxLength": MAX_ID_LENGTH,
        "description": "Needed, but where the type is about no item: a login.",
    },
    "type": {"type": "string", "description": "The name of an interaction type, such as view, purchase or rating."},
    "value": {
        "type": ["number", "null"],
        "description": "The rating, on the type's scale; an amount where the type has none.",
    },
    "occurred_at": {
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "string", "pattern": DATE},
            {"type": "number", "minimum": FIRST_SECONDS},
            {"type": "null"},
        ],
        "description": (
            "From 1970 to a day ahead: ISO 8601 (UTC where it names no zone), a date (20260501, 2026-05-01), or Unix "
            "seconds, milli-, micro- or nanoseconds. Without it, the time of the event_id, or now."
        ),
    },
    "event_id": {
        "type": ["string", "null"],
        "format": "uuid",
        "description": "Makes sending it twice harmless. A UUIDv7 carries its own time; others need occurred_at.",
    },
    "context": {
        "type": ["object", "null"],
        "additionalProperties": True,
        "description": "Such as source, position, session_id, recommendation_id: at most 50 levels deep.",
    },
    "review": REVIEW,
}


FIELDS: dict[str, Any] = {
    "type": "object",
    "description": "Something that a user did, nearly always with an item.",
    "required": ["user_id", "type"],
    "properties": PROPERTIES,
    "additionalProperties": False,
}


def add_types(result: dict[str, Any], request: HttpRequest | None, **_: Any) -> dict[str, Any]:
    """Add what each type of event takes in this installation, where a server is asked for the description.

    A hook of drf-spectacular. A command has no request and perhaps no database; during an outage the rules are missing.
    """
    event = result["components"]["schemas"].get(COMPONENT)
    if request is not None and event is not None:
        with suppress(DatabaseDown):
            event["oneOf"] = branches(types.rules().values())
    return result


def branches(rules: Iterable[TypeRule]) -> list[dict[str, Any]]:
    """Return a schema for all types that share their rules."""
    return [_branch(names, rule) for names, rule in _alike(rules)]


def _alike(rules: Iterable[TypeRule]) -> list[tuple[list[str], TypeRule]]:
    found: dict[tuple[Any, ...], tuple[list[str], TypeRule]] = {}
    for rule in sorted(rules, key=lambda one: one.name):
        found.setdefault((rule.scale, rule.needs_item, rule.amounts), ([], rule))[0].append(rule.name)
    return list(found.values())


def _branch(names: list[str], rule: TypeRule) -> dict[str, Any]:
    least, most = rule.scale or rule.amounts
    value = {"type": "number" if rule.scale else ["number", "null"], "minimum": least, "maximum": most}
    properties: Mapping[str, Any] = {
        "type": {"enum": names},
        "value": value,
        "item_id": ID if rule.needs_item else {"enum": ["", None]},
        "review": REVIEW if rule.scale else {"type": "null"},
    }
    required = (["item_id"] if rule.needs_item else []) + (["value"] if rule.scale else [])
    return {"title": ", ".join(names), "properties": properties, "required": required}


class EventSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # the library has no types here
    """Describes EventIn, which has no fields of its own."""

    target_class = "interactions.api.serializers.EventIn"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the fields, in any type."""
        return dict(FIELDS)


class EventsSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # the library has no types here
    """Describes the envelope of many events: each is judged for itself, so none of them makes the envelope wrong."""

    target_class = "interactions.api.serializers.EventsIn"

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the schema, with a reference to the one of an event."""
        event = auto_schema.resolve_serializer(self.target.event(), direction)
        any_value = {"description": "Whatever is no event is refused in its place of the results."}
        return {
            "type": "object",
            "required": ["events"],
            "properties": {
                "events": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": self.target.most,
                    "items": {"anyOf": [event.ref, any_value]},
                }
            },
            "additionalProperties": False,
        }
