"""Declare the fields of a small body once: they are read by it, and described by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsite.platform.exceptions import Invalid
from recsite.platform.values import ValueType, WrongValue, unknown_names

NEEDED = "It is needed."


@dataclass(frozen=True, slots=True)
class Field:
    """Declare one field of a body."""

    type: ValueType
    description: str
    default: Any = None
    """What counts where it isn't given; None where nothing does."""
    is_required: bool = False


Fields = Mapping[str, Field]
NOTHING: Fields = {}
"""Of operations that are asked for by their address alone."""


def read_fields(fields: Fields, body: Any) -> dict[str, Any]:
    """Return the value of each field, or its default. Raises Invalid with a sentence for everything that is wrong."""
    if not isinstance(body, dict):
        raise Invalid({"body": "An object is needed."})
    known = ", ".join(fields)
    hint = f"Known: {known}." if known else "This address takes none."
    wrong = dict(unknown_names(body.keys() - fields.keys(), lambda _: f"There is no such field. {hint}"))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in body:
            values[name] = field.default
            if field.is_required:
                wrong[name] = NEEDED
            continue
        try:
            values[name] = field.type.from_json(body[name])
        except WrongValue as error:
            wrong[name] = str(error)
    if wrong:
        raise Invalid(wrong)
    return values


def described(fields: Fields) -> dict[str, Any]:
    """Describe a body of these fields as a JSON schema; where none is required, the body may be left out."""
    required = [name for name, field in fields.items() if field.is_required]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _schema(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    return {"application/json": schema | ({"required": required} if required else {})}


def _schema(field: Field) -> dict[str, Any]:
    default = {} if field.default is None else {"default": field.default}
    return {**field.type.schema(), "description": field.description, **default}
