"""Describe the bodies that write items and users: both the reading and the description follow `catalog.fields`."""

from collections.abc import Mapping
from typing import Any

from catalog import fields
from catalog.fields import Field
from catalog.validation import Id, NewId
from recsite.platform.exceptions import Invalid
from recsite.platform.request_fields import NEEDED, as_addressed


def read_new(kind: str, table: Mapping[str, Field], body: Any) -> tuple[str, dict[str, Any]]:
    """Return the id and the values of a body that creates; `kind` is item or user. Raises Invalid."""
    name = f"{kind}_id"
    values = fields.read(table, body, {name: NewId()})
    if name not in values:
        raise Invalid({name: NEEDED})
    return values.pop(name), values


def read_known(kind: str, table: Mapping[str, Field], body: Any, addressed: str) -> dict[str, Any]:
    """Return the values of a body that replaces or changes what the address names. Raises Invalid."""
    name = f"{kind}_id"
    values = fields.read(table, body, {name: Id()})
    as_addressed(name, values, addressed)
    return values


def described(kind: str, table: Mapping[str, Field], needed: tuple[str, ...], is_new: bool = False) -> dict[str, Any]:
    """Describe a body as a JSON schema, for a request."""
    known = {f"{kind}_id": NewId() if is_new else Id()}
    return {"application/json": fields.schema(table, known, needed)}
