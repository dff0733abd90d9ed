"""Read the binary dump that Gorse's `GET /api/dump` writes.

A stream of whole numbers of eight bytes (little-endian): -1, -2 and -3 announce users, items and feedback, 0 the end; a
number above zero is the length of the protobuf message that follows it. Behind the end stands an object of totals.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple

from catalog.importers.gorse_shapes import written
from catalog.importers.protobuf import BYTES, FIXED64, Field, fields
from catalog.importers.records import load_json
from catalog.importers.rows import UnreadableSource
from catalog.importers.source import DAMAGE, Source

USERS, ITEMS, FEEDBACK, END = -1, -2, -3, 0
KINDS = {USERS: "users", ITEMS: "items", FEEDBACK: "feedback"}
TYPE = 2
"""The field of feedback that holds its type."""

NUMBER = 8
LARGEST_MESSAGE = 64 * 1024 * 1024
Record = dict[str, Any]


class Message(NamedTuple):
    """Hold a message: its kind (`users`, `items`, `feedback`), its number among these, and its bytes."""

    kind: str
    number: int
    body: bytes


def is_dump(files: Source, name: str) -> bool:
    """Tell whether a member begins as a dump does, with the number of a kind."""
    with ExitStack() as stack:
        try:
            head = files.open(name, stack, counted=False).read(NUMBER)
        except (*DAMAGE, OSError, RuntimeError, NotImplementedError):
            return False
    return len(head) == NUMBER and int.from_bytes(head, "little", signed=True) in KINDS


def messages(files: Source, name: str) -> Iterator[Message]:
    """Yield the messages of a dump. Raises UnreadableSource where it breaks off, after those before."""
    kind, number = "", 0
    with ExitStack() as stack:
        try:
            raw = files.open(name, stack)
            while (size := _number(raw)) != END:
                if size in KINDS:
                    kind, number = KINDS[size], 0
                    continue
                if size is None or not kind or not 0 < size <= LARGEST_MESSAGE:
                    raise _broken(files, name, kind, number)
                body = raw.read(size)
                if len(body) < size:
                    raise _broken(files, name, kind, number)
                number += 1
                yield Message(kind, number, body)
        except (*DAMAGE, OSError) as error:
            raise _broken(files, name, kind, number) from error


def _number(raw: Any) -> int | None:
    """Return the next whole number; None where the stream ends."""
    found = raw.read(NUMBER)
    return int.from_bytes(found, "little", signed=True) if len(found) == NUMBER else None


def _broken(files: Source, name: str, kind: str, number: int) -> UnreadableSource:
    where = f"after number {number:,} of the {kind}" if kind else "at its start"
    return UnreadableSource(f"{name} in {files.path} breaks off or is damaged {where}. Fetch the dump again.")


def user(body: bytes) -> Record:
    """Return a user as Gorse's JSON has it. Raises BadField."""
    return _record(body, {1: ("UserId", _text), 2: ("Labels", _labels), 3: ("Comment", _text)})


def item(body: bytes) -> Record:
    """Return an item as Gorse's JSON has it. Raises BadField."""
    known = {
        2: ("ItemId", _text),
        3: ("IsHidden", lambda field: bool(field.value)),
        5: ("Timestamp", _time),
        6: ("Labels", _labels),
        7: ("Comment", _text),
    }
    categories = [field.text for field in fields(body) if field.number == 4]
    return {**_record(body, known), "Categories": categories}


def feedback(body: bytes) -> Record:
    """Return feedback as Gorse's JSON has it. Raises BadField.

    Versions differ: the time is field 5 or, where that is the value, field 6.
    """
    known = {TYPE: ("FeedbackType", _text), 3: ("UserId", _text), 4: ("ItemId", _text)}
    found = list(fields(body))
    record = _record(body, known)
    times = [field for field in found if field.number in (5, 6) and field.wire == BYTES]
    if times:
        record["Timestamp"] = _time(times[0])
    for field in found:
        if field.wire == FIXED64:
            record["Value"] = field.number_of_eight_bytes
    return record


def type_of(body: bytes) -> str:
    """Return the type of feedback, without reading more of the message than that. Raises BadField."""
    return next((field.text for field in fields(body) if field.number == TYPE), "")


READERS: dict[str, Callable[[bytes], Record]] = {"users": user, "items": item, "feedback": feedback}


def _record(body: bytes, known: Mapping[int, tuple[str, Callable[[Field], Any]]]) -> Record:
    found: Record = {}
    for field in fields(body):
        if field.number in known:
            name, read = known[field.number]
            found[name] = read(field)
    return found


def _text(field: Field) -> str:
    return field.text


def _labels(field: Field) -> Any:
    return load_json(field.text, "Labels") if field.raw else None


def _time(field: Field) -> str:
    return written(field.moment)
