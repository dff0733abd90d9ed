"""What every reader yields: one stream of rows, in the order users, items, events; and what a data set is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol


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


# Events come by the million, and a named tuple is made in a third of the time of a frozen dataclass.
class EventRow(NamedTuple):
    """Something that happened. `occurred_at` None: the file has no times (the importing service dates and marks it)."""

    user_id: str
    item_id: str
    type: str
    value: float | None = None
    occurred_at: datetime | None = None
    context: dict[str, Any] | None = None


class Located(NamedTuple):
    """A readable row and where it stands in its file (for rejections found later, and to resume)."""

    part: str
    line: int
    row: UserRow | ItemRow | EventRow


class Rejected(NamedTuple):
    """A line that could not be read: where it stands, what is wrong, and the line itself (cut if very long)."""

    part: str
    line: int
    reason: str
    raw: str


RowStream = Iterator[Located | Rejected]


class UnreadableSource(Exception):
    """A file or folder that is not what the format expects; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Scale:
    """The rating scale of a data set."""

    minimum: float
    maximum: float
    relevant_at: float

    @classmethod
    def parse(cls, text: str) -> "Scale":
        """The scale written as MIN..MAX; a rating counts as liked from three quarters up. Raises UnreadableSource."""
        try:
            low, high = (float(end) for end in text.split(".."))
        except ValueError:
            low = high = 0.0
        if not low < high < float("inf"):
            raise UnreadableSource(f"The scale {text!r} is not of the form MIN..MAX, such as 1..5 or 0.5..5.")
        return cls(low, high, low + 0.75 * (high - low))

    def __str__(self) -> str:
        return f"{self.minimum:g} to {self.maximum:g}"


class DataSet(Protocol):
    """Files opened for import, or anything else that can say the same."""

    scale: Scale
    notes: list[str]
    """What whoever imports should know of the files, a sentence each; complete once the rows are read."""

    @property
    def format(self) -> str:
        """The name under which the format is registered."""

    @property
    def location(self) -> str:
        """Where it lies, for people to read."""

    @property
    def source(self) -> str:
        """The name of the data set: an event's id is derived from it, so the same data bring the same ids."""

    @property
    def total_bytes(self) -> int:
        """How much there is to read, as it lies on the disk (of a zip archive: unpacked)."""

    @property
    def bytes_read(self) -> int:
        """How much of it has been read."""

    def rows(self) -> RowStream:
        """The rows, streamed. Raises UnreadableSource, after the rows before it, where a file breaks off."""

    def fingerprint(self) -> str:
        """64 hexadecimal characters that change with the bytes of the files and with how they are read."""
