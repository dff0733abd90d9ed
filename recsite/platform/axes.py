"""Choose the lines and the dates that stand at the edges of a chart."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

Moment = datetime | date | int
"""What stands below a chart: times, days, or ranks."""

STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
DAY = timedelta(days=1)
PERIODS = (
    *(timedelta(minutes=number) for number in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=number) for number in (1, 2, 3, 6, 12)),
    *(timedelta(days=number) for number in (1, 2, 4, 7, 14, 28, 56, 112, 224, 448)),
)
MOST_TICKS = 6
SUNDAY = datetime(1970, 1, 4, tzinfo=UTC)
"""Ticks of a week are Sundays; all others are counted from here as well."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Hold the three horizontal lines of a chart: at its bottom, in the middle, at its top."""

    bottom: float
    middle: float
    top: float

    def height(self, value: float) -> float:
        """Return how far below the top a value is, from 0 to 1; values beyond the edges stay on them."""
        return min(max((self.top - value) / (self.top - self.bottom), 0.0), 1.0)


def scale(values: Iterable[float], *, from_zero: bool = True, is_whole: bool = False) -> Scale:
    """Return lines at round values, between which all values lie; zero is one of them unless `from_zero` is False."""
    found = [value for value in values if math.isfinite(value)]
    low, high = min(found, default=0.0), max(found, default=0.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = (low, low + 1.0) if not low else (low - abs(low) / 2, low + abs(low) / 2)
    power = math.floor(math.log10((high - low) / 2)) - 1
    while True:
        for step in STEPS:
            size = _decimal(step, power)
            bottom = math.floor(low / size + 1e-9) * size
            if (not is_whole or size == int(size)) and bottom + 2 * size >= high * (1 - 1e-9):
                return Scale(*(round(bottom + times * size, 12) for times in range(3)))
        power += 1


def _decimal(step: float, power: int) -> float:
    """Return step times ten to a power, as exactly as a float can."""
    return step * 10**power if power >= 0 else step / 10**-power


def ticks(first: Moment, last: Moment, most: int = MOST_TICKS) -> list[tuple[Moment, str]]:
    """Return up to `most` round times between two, with what is written there."""
    if isinstance(first, int) and isinstance(last, int):
        return [(number, str(number)) for number in _ranks(first, last, most)]
    assert not isinstance(first, int)
    assert not isinstance(last, int)
    start, end = instant(first), instant(last)
    periods = PERIODS if isinstance(first, datetime) else [one for one in PERIODS if one >= DAY]
    period = next((one for one in periods if (end - start) / one <= most - 1), PERIODS[-1])
    at = start + (SUNDAY - start) % period
    found: list[tuple[Moment, str]] = []
    while at <= end:
        found.append((at, day_label(at) if period >= DAY or at.time() == time() else f"{at:%H:%M}"))
        at += period
    return found or [(start, label(first))]


def _ranks(first: int, last: int, most: int) -> list[int]:
    """Return the first rank, and round ones that are not too near to it."""
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 1000, 10**9) if (last - first) / size <= most - 1)
    round_ones = range(first + step - first % step, last + 1, step)
    return [first, *(number for number in round_ones if number - first > step / 2)]


def instant(moment: datetime | date) -> datetime:
    """Return the moment itself, or the first one of a day (UTC)."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def label(moment: Moment) -> str:
    """Return what stands beside a value: a day, a day and a time, or a rank."""
    if isinstance(moment, int):
        return str(moment)
    if isinstance(moment, datetime):
        return f"{day_label(moment.astimezone(UTC))}, {moment.astimezone(UTC):%H:%M}"
    return day_label(moment)


def day_label(day: date) -> str:
    return f"{day.day}\N{NO-BREAK SPACE}{day:%b}"
