"""Write measured values with their unit, in at most three digits that mean something."""

import math
from enum import StrEnum

from recsite.platform.humanize import EMPTY

DIGITS = 3
SPACE = "\N{NO-BREAK SPACE}"
"""Between a number and its unit: no line ends there."""

LARGE = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


class Unit(StrEnum):
    """Say what a value is measured in."""

    COUNT = "count"
    """A number of things: 12, 1.23 k."""

    NUMBER = "number"
    """A number without a unit: 0.312."""

    SHARE = "share"
    """A part of one, written in percent: 4.12 %."""

    CHANGE = "change"
    """A part of one by which something grew, written with its sign: +4.12 %."""

    MILLISECONDS = "milliseconds"
    SECONDS = "seconds"


def write(value: float | None, unit: Unit, digits: int = DIGITS) -> str:
    """Return a value with its unit; a dash where it can't be said. `digits` is for shares and plain numbers."""
    if value is None or not math.isfinite(value):
        return EMPTY
    match unit:
        case Unit.SHARE:
            return f"{significant(100 * value, digits)}{SPACE}%"
        case Unit.CHANGE:
            return f"{significant(100 * value, digits, sign='+')}{SPACE}%"
        case Unit.MILLISECONDS:
            return _short(value)
        case Unit.SECONDS:
            return _time(value)
        case Unit.COUNT:
            return _count(value)
        case Unit.NUMBER:
            return significant(value, digits)


def milliseconds(seconds: float | None) -> float | None:
    """Return a time in milliseconds, and nothing of none: what is kept is in seconds, what is shown is not."""
    return None if seconds is None else 1000 * seconds


def significant(value: float, digits: int = DIGITS, sign: str = "") -> str:
    """Return a number with so many digits at most, and never with an exponent: 12,300, 0.0213."""
    rounded = float(f"{value:.{digits}g}")
    if not rounded:
        return "0"
    decimals = min(max(0, digits - 1 - math.floor(math.log10(abs(rounded)))), 9)
    text = f"{rounded:{sign},.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def _count(value: float) -> str:
    rounded = float(f"{value:.{DIGITS}g}")
    for size, letter in LARGE:
        if abs(rounded) >= size:
            return f"{significant(rounded / size)}{SPACE}{letter}"
    return significant(value)


def _short(milliseconds: float) -> str:
    if abs(milliseconds) >= 1000:
        return _time(milliseconds / 1000)
    return f"{significant(milliseconds)}{SPACE}ms"


def _time(seconds: float) -> str:
    """Return a time in its largest unit: 1.24 s, 3.5 min, 2 h, 4 d."""
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{significant(seconds / size)}{SPACE}{name}"
    return f"{significant(seconds)}{SPACE}s"
