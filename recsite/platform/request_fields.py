"""Declare the fields of a small body once: they are read by it, and described by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recsite.platform.exceptions import Invalid
from recsite.platform.values import ValueType, WrongValue, unknown_names

NEEDED = "It is needed."
IN_PATH = "It differs from the id in the address. Ids can't be changed: leave it out, or create another one."


@dataclass(frozen=True, slots=True)
class Field:
    """Declare one field of a body."""

    type: ValueType
    description: str
    default: Any = None
    """What counts where it isn't given; None where nothing does."""
    is_required: bool = False
    is_ours: bool = False
    """True for what the server sets: it may stand in a body, as an answer had it, and is not read."""


class Unread(ValueType):
    """Take whatever an answer had there."""

    def from_json(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {}


Fields = Mapping[str, Field]
NOTHING: Fields = {}
"""Of operations that are asked for by their address alone."""


def read_fields(fields: Fields, body: Any) -> dict[str, Any]:
    """Return the value of each field but ours, or its default. Raises Invalid with a sentence for each wrong one."""
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
    return {name: value for name, value in values.items() if not fields[name].is_ours}


def ours(*names: str) -> Fields:
    """Return fields of these names that the server sets: with them, what was read can be put back as it is."""
    return {name: Field(Unread(), "Set by the server; not read.", is_ours=True) for name in names}


def as_addressed(name: str, values: dict[str, Any], addressed: Any) -> None:
    """Take the id out of the values of a body. Raises Invalid where it isn't that of the address."""
    if values.pop(name, None) not in (None, addressed):
        raise Invalid({name: IN_PATH})


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
