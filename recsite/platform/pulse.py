"""Tell whether the loop of this process goes on: it says so at each turn, and probes ask how long ago that was."""

import time


class _Pulse:
    """Hold when the loop was last at its beginning; None before the first time."""

    def __init__(self) -> None:
        self.at: float | None = None


_pulse = _Pulse()


def beat(**_: object) -> None:
    """Say that the loop goes on. Cheap enough for each turn; signals may call it with whatever they bring."""
    _pulse.at = time.monotonic()


def silent_secs() -> float | None:
    """Return for how long the loop has said nothing; None where it has not begun."""
    return None if _pulse.at is None else time.monotonic() - _pulse.at


def forget() -> None:
    """Begin anew, for tests."""
    _pulse.at = None
