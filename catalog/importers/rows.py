"""Define what every reader yields: one stream of rows, in the order users, items, events; and a data set."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserRow:
    """Hold a user; `user_id` is the id that the source uses."""

    user_id: str
    demographics: dict[str, Any] = field(default_factory=dict)
    preferences: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    last_active: datetime | None = None
    opted_out_at: datetime | None = None
    merged: tuple[str, ...] = ()
    """Other names of the user: ids of visitors who were merged into them."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Hold an item to recommend; creator, year and the like go into `features`."""

    item_id: str
    title: str
    description: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    features: dict[str, Any] = field(default_factory=dict)
    item_type: str = ""
    group: str = ""
    published_at: datetime | None = None
    is_available: bool | None = None
    """None where the file doesn't say."""
    available_from: datetime | None = None
    available_until: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    """When it last changed elsewhere. Of items that are new here alone: what changes here changes now."""


@dataclass(frozen=True, slots=True)
class NewType:
    """Hold a type of events that a source brings along, to be made where there is none of that name."""

    name: str
    weight: float = 1.0
    is_negative: bool = False
    marks_seen: bool = True


MOST_REPEATS = 10
"""Events that one line can stand for. Ten views already imply 96 % of the best rating, and a line of a million plays
shall not become a million rows."""


# Events come by the million, and a named tuple is made in a third of the time of a frozen dataclass.
class EventRow(NamedTuple):
    """Hold an event. `occurred_at` None: the file has no times (the importing service dates and marks it)."""

    user_id: str
    item_id: str
    type: str
    value: float | None = None
    occurred_at: datetime | None = None
    context: dict[str, Any] | None = None
    quantity: int = 1
    """The times it happened: a line of plays or quantities stands for several equal events."""
    event_id: UUID | None = None
    """Its own id; without one it gets an id that is made of what it says."""
    undated: bool = False
    """True where the time is that of an earlier import whose file had none."""
    review: dict[str, str] | None = None
    left_out_as: str = ""
    """Why another installation left it out of models and figures; empty where it counts."""

    @property
    def repeats(self) -> int:
        """Return how many events the line stands for; a quantity past MOST_REPEATS says nothing new."""
        return min(self.quantity, MOST_REPEATS)

    @property
    def is_capped(self) -> bool:
        """Return True where the line stands for fewer events than it counts."""
        return self.quantity > MOST_REPEATS


class Located(NamedTuple):
    """Hold a readable row and where it stands in its file (for rejections found later, and to resume)."""

    part: str
    line: int
    row: UserRow | ItemRow | EventRow


class Rejected(NamedTuple):
    """Hold a line that could not be read: where it stands, what is wrong, and the line itself (cut if very long)."""

    part: str
    line: int
    reason: str
    raw: str


RowStream = Iterator[Located | Rejected]


class BadField(ValueError):
    """Say in words why a row is rejected."""


class UnreadableSource(Exception):
    """Refuse a file or folder that is not what the format expects; the message says what to do."""


@dataclass(frozen=True)
class Scale:
    """Hold the rating scale of a data set."""

    minimum: float
    maximum: float
    relevant_at: float

    @classmethod
    def parse(cls, text: str) -> "Scale":
        """Return the scale written as MIN..MAX; a rating counts as liked from three quarters up.

        Raises UnreadableSource.
        """
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
    """Describe files opened for import, or anything else that can say the same."""

    scale: Scale
    notes: list[str]
    """Sentences about the files for whoever imports them; complete once the rows are read."""

    @property
    def format(self) -> str:
        """Return the name under which the format is registered."""

    @property
    def location(self) -> str:
        """Return where the files lie, for staff to read."""

    @property
    def source(self) -> str:
        """Return the name of the data set: an event's id is derived from it, so the same data bring the same ids."""

    @property
    def total_bytes(self) -> int:
        """Return the bytes to read, as they lie on the disk (of a zip archive: unpacked)."""

    @property
    def bytes_read(self) -> int:
        """Return how many of these bytes have been read."""

    def new_types(self) -> Collection[NewType]:
        """Return the types of events that have to be there before the rows are stored."""

    def rows(self) -> RowStream:
        """Stream the rows. Raises UnreadableSource, after the rows before it, where a file breaks off."""

    def fingerprint(self) -> str:
        """Return 64 hexadecimal characters that change with the bytes of the files and with how they are read."""
