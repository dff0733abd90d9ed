"""Notes of a chosen moment, as `recsite.platform.series.noting` stores them."""

from datetime import datetime

from recsite.platform.series import EVENTS, REQUESTS, Kind, noting
from recsite.platform.series.noting import Labels, Note


def request(at: datetime, seconds: float = 0.003, door: str = "shop", is_error: bool = False) -> Note:
    return (at.timestamp(), REQUESTS.name, (door,), 1, int(is_error), 0, seconds, seconds, None)


def event(at: datetime, number: int = 1, outcome: str = "stored") -> Note:
    return (at.timestamp(), EVENTS.name, (outcome,), number, 0, 0, 0.0, 0.0, [])


def level(kind: Kind, at: datetime, value: float, *labels: str) -> Note:
    return (at.timestamp(), kind.name, labels, 1, 0, 0, value, value, [])


def add(*notes: Note) -> None:
    noting.store(notes)


__all__ = ["Labels", "Note", "add", "event", "level", "request"]
