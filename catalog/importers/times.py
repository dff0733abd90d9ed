"""Read the times that files, clients and staff write, by one rule.

A wrong reading is worse than none: 20240115 taken for Unix seconds is a day in 1970, and no model would complain.
"""

import math
from datetime import UTC, datetime, timedelta

from catalog.importers.rows import BadField

CLOCK_SKEW = timedelta(days=1)
"""Time by which an event may lie in the future: clocks are wrong by hours, not by years."""

OLDEST_PUBLISHED = datetime(1000, 1, 1, tzinfo=UTC).timestamp()
NEWEST_PUBLISHED = datetime(2199, 12, 31, tzinfo=UTC).timestamp()
"""Works are older than computers, and announced before they appear."""

FIRST_SECONDS = 100_000_000
"""1973-03-03, the first Unix time with nine digits. A smaller number is a date, a year, a row number or a zero."""

FIRST_MILLISECONDS = 253_402_300_800
"""In seconds a number from here on would lie past the year 9999, so it counts milliseconds or something shorter."""

FIRST_DATE, LAST_DATE = 10_000_000, 99_999_999
FINER_UNITS = 3
"""Milliseconds, microseconds (Google Analytics) and nanoseconds (pandas)."""


def latest_event(now: datetime) -> float:
    """Return the Unix time past which the time of an event is taken for a mistake."""
    return (now + CLOCK_SKEW).timestamp()


def event_time(text: str, latest: float) -> datetime:
    """Return the time of an event, in UTC: from 1970 to `latest`. Raises BadField; see `unix_seconds`."""
    return _between(0.0, latest, text)


def published_time(text: str) -> datetime:
    """Return when an item was or will be published, in UTC. Raises BadField; see `unix_seconds`."""
    return _between(OLDEST_PUBLISHED, NEWEST_PUBLISHED, text)


def stated_seconds(value: object) -> float:
    """Return the Unix seconds of a time in JSON, a text or a number, by the rule of files. Raises BadField."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadField("a time is a text or a number")
    return unix_seconds(str(value).strip())


def _between(oldest: float, latest: float, text: str) -> datetime:
    seconds = unix_seconds(text.strip())
    if not oldest <= seconds <= latest:
        first, last = (datetime.fromtimestamp(end, UTC) for end in (oldest, latest))
        raise BadField(f"time {text[:50]} lies outside {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    return datetime.fromtimestamp(seconds, UTC)


def unix_seconds(text: str) -> float:
    """Return the Unix seconds of the time that a text means.

    Eight digits are a date (20240115); other numbers are Unix seconds, milliseconds, microseconds or nanoseconds;
    everything else is ISO 8601, taken for UTC where it names no zone. Raises BadField where it is none of these.
    """
    try:
        number = float(text)
    except ValueError:
        return _seconds_of_iso(text)
    if FIRST_SECONDS <= number < FIRST_MILLISECONDS:
        return number
    if not math.isfinite(number):
        raise BadField(f"time {text[:50]!r} is not a time")
    return _seconds_of_units(number) if number >= FIRST_SECONDS else _seconds_of_digits(number, text)


def _seconds_of_units(number: float) -> float:
    for _ in range(FINER_UNITS):
        if number >= FIRST_MILLISECONDS:
            number /= 1000
    return number


def _seconds_of_digits(number: float, text: str) -> float:
    """Return the start of the day that eight digits name, such as 20240115 (or 20240115.0, as pandas writes it)."""
    if number.is_integer() and FIRST_DATE <= number <= LAST_DATE:
        try:
            return datetime.strptime(str(int(number)), "%Y%m%d").replace(tzinfo=UTC).timestamp()
        except ValueError:
            pass
    raise BadField(f"time {text[:50]!r} is neither a date (20240115, 2024-01-15) nor a Unix time of after 1973")


def _seconds_of_iso(text: str) -> float:
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise BadField(f"time {text[:50]!r} is neither ISO 8601 nor Unix seconds") from error
