"""Cut time into tumbling windows: say which one an event belongs to, and when one is closed. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=30)
LATENESS = timedelta(hours=2)
"""How long after its end a window still takes events in. What comes later is counted as late, in the window that is
open when it comes."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Holds the time from `start` to half an hour later."""

    start: datetime

    @classmethod
    def of(cls, when: datetime) -> "Window":
        """Return the window that a moment lies in."""
        return cls(EPOCH + (when - EPOCH) // WINDOW * WINDOW)

    @property
    def end(self) -> datetime:
        return self.start + WINDOW

    def is_closed(self, now: datetime) -> bool:
        """Return True where it takes nothing in any more."""
        return now >= self.end + LATENESS


def oldest_open(now: datetime) -> Window:
    """Return the oldest window that still takes events in."""
    return Window.of(now - LATENESS)
