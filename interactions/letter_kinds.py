"""Sort dead letters by what is wrong with them, so that all that one repair mends stand together."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

UNKNOWN_ITEM, UNKNOWN_TYPE, WRONG_FIELD, NO_OBJECT, OTHER = (
    "unknown_item",
    "unknown_type",
    "wrong_field",
    "no_object",
    "other",
)
KINDS = {
    UNKNOWN_ITEM: "Unknown item",
    UNKNOWN_TYPE: "Unknown event type",
    WRONG_FIELD: "Wrong field",
    NO_OBJECT: "No JSON object",
    OTHER: "Something else",
}
LONGEST = 200
"""Characters of what a group is named by: with its kind, it fits into the record of changes."""

FIELD = re.compile(r"([a-z][a-z_.]*): ")
TOLD = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|\([^)]*\)")
NUMBERED = re.compile(r"\S*[-_\d]\S*?(?=[.,:;]?(\s|$))")


class Group(NamedTuple):
    """Name what letters have in common: the kind of mistake, and the item, type or field that it is about."""

    kind: str
    named: str

    @property
    def title(self) -> str:
        if self.kind == OTHER and self.named:
            return self.named
        return f"{KINDS.get(self.kind, KINDS[OTHER])} {self.named}".strip()


def group_of(reason: str, payload: Any) -> Group:
    """Return the group of a letter, by the reason why it could not be stored."""
    if not isinstance(payload, Mapping) or "raw" in payload:
        return Group(NO_OBJECT, "")
    if reason.startswith("Unknown item "):
        return Group(UNKNOWN_ITEM, _text(payload, "item_id"))
    if reason.startswith("type: Unknown "):
        return Group(UNKNOWN_TYPE, _text(payload, "type"))
    if field := FIELD.match(reason):
        return Group(WRONG_FIELD, field[1][:LONGEST])
    return Group(OTHER, without_names(reason)[:LONGEST])


def without_names(reason: str) -> str:
    """Return a reason without the ids and numbers that it names, so that all of one kind are one."""
    return NUMBERED.sub("…", TOLD.sub("…", reason))


def _text(payload: Mapping[str, Any], field: str) -> str:
    value = payload.get(field)
    return "" if value is None else str(value)[:LONGEST]
