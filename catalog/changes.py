"""Say what changed about items and users, for the record of changes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from recsite.platform import audit
from recsite.platform.audit import Actor

LONGEST_VALUE = 500
"""Characters of a text in the record: a description is no better told by all of it."""

RECORDED_EACH = 100
"""Of more objects than these, one entry says how many they were."""

Differences = tuple[dict[str, Any], dict[str, Any]]


def differences(before: Model, after: Model, fields: Iterable[str]) -> Differences | None:
    """Return the fields that differ, as they were and as they are; None where none does."""
    named = [name for name in fields if name != "updated_at" and getattr(before, name) != getattr(after, name)]
    return (_values(before, named), _values(after, named)) if named else None


def told(row: Model, fields: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a new row that say something."""
    return {name: value for name, value in _values(row, fields).items() if value not in (None, "", [], {})}


def record_each(
    actor: Actor,
    verb: str,
    object_type: str,
    object_ids: Sequence[str],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> None:
    """Record the same change of each object, of more than RECORDED_EACH of all together."""
    named = object_ids if len(object_ids) <= RECORDED_EACH else [f"{len(object_ids):,} {object_type}s"]
    for object_id in named:
        audit.record(actor, verb, object_type, object_id, before=before, after=after, at=at)


def short(value: Any) -> Any:
    """Return a value as the record keeps it: of a long text the beginning."""
    return f"{value[:LONGEST_VALUE]}…" if isinstance(value, str) and len(value) > LONGEST_VALUE else value


def is_cut(value: Any) -> bool:
    """Tell if the record holds no more than the beginning of a value."""
    return isinstance(value, str) and len(value) == LONGEST_VALUE + 1 and value.endswith("…")


def _values(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: short(getattr(row, name)) for name in names if name != "updated_at"}
