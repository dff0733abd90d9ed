"""The one stream of rows that every reader yields, in the order users, items, events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person; `user_id` is the id outside."""

    user_id: str
    demographics: dict[str, Any] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A thing to recommend; creator, year and the like go into `features`."""

    item_id: str
    title: str
    description: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    features: dict[str, Any] = field(default_factory=dict)
    item_type: str = ""
    group: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened. `occurred_at` None: the file has no times (the importing service dates and marks it)."""

    user_id: str
    item_id: str
    type: str
    value: float | None = None
    occurred_at: datetime | None = None
    context: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that could not be read: where it stands, what is wrong, and the line itself."""

    part: str
    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Located:
    """A readable row and where it stands in its file (for rejections found later, and to resume)."""

    part: str
    line: int
    row: UserRow | ItemRow | EventRow


RowStream = Iterator[Located | Rejected]


@dataclass(frozen=True)
class Scale:
    """The rating scale of a data set."""

    minimum: float
    maximum: float
    relevant_at: float


class UnreadableSource(Exception):
    """A file or folder that is not what the format expects; the message says what is wrong and what to do."""
