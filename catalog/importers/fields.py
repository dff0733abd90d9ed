"""Single fields as they stand in files: checked, or refused with the reason in words."""

import math
from datetime import UTC, datetime, timedelta

from catalog.ids import InvalidId, clean_id
from catalog.importers.rows import Scale

MAX_TITLE_LENGTH = 500
MAX_LABEL_LENGTH = 100
CLOCK_SKEW = timedelta(days=1)
FIRST_MILLISECONDS = 253_402_300_800
"""A Unix time from here on is in milliseconds: in seconds it would lie past the year 9999, the last that has a date."""


class BadField(ValueError):
    """Why a row is rejected, in words."""


def identifier(text: str, what: str) -> str:
    """Return an id in the form that every door gives it. Raises BadField."""
    try:
        return clean_id(text)
    except InvalidId as error:
        raise BadField(f"{what} {error}") from error


def clean(text: str, what: str) -> str:
    """Trimmed text that PostgreSQL can store."""
    if not text.isprintable():
        if "\x00" in text:
            raise BadField(f"{what} holds a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise BadField(f"{what} holds bytes that are not of the file's encoding")
    return text.strip()


def title(text: str) -> str:
    """An item's title, cut where it is too long; not empty."""
    text = clean(text, "title")
    if not text:
        raise BadField("title is empty")
    return text if len(text) <= MAX_TITLE_LENGTH else text[: MAX_TITLE_LENGTH - 1] + "…"


def labels(texts: list[str], what: str) -> tuple[str, ...]:
    """Categories or tags: without empty ones and repetitions, each cut to 100 characters."""
    found = (clean(text, what)[:MAX_LABEL_LENGTH].strip() for text in texts)
    return tuple(dict.fromkeys(label for label in found if label))


def number(text: str, what: str) -> float:
    """A finite number. Python's own digit grouping (1_000) is not one."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise BadField(f"{what} {text[:50]!r} is not a number")
    return value


def whole(text: str) -> int | None:
    """A whole number, also one written as 1997.0; None where there is none."""
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


def rating(text: str, scale: Scale) -> float:
    """A rating on the scale."""
    value = number(text, "rating")
    if not scale.minimum <= value <= scale.maximum:
        raise BadField(f"rating {value:g} lies outside {scale}")
    return value


def latest_moment(now: datetime) -> float:
    """The Unix time past which a row's time is taken for a mistake: clocks are wrong by hours, not by years."""
    return (now + CLOCK_SKEW).timestamp()


def unix_moment(text: str, latest: float) -> datetime:
    """A time in Unix seconds, from 1970 to `latest`."""
    return _in_range(number(text, "time"), text, latest)


def moment(text: str, latest: float) -> datetime:
    """A time in Unix seconds or milliseconds, or in ISO 8601 (taken for UTC where it names no zone)."""
    text = text.strip()
    try:
        seconds = float(text)
    except ValueError:
        return _in_range(_iso_seconds(text), text, latest)
    return _in_range(seconds / 1000 if seconds >= FIRST_MILLISECONDS else seconds, text, latest)


def _in_range(seconds: float, text: str, latest: float) -> datetime:
    if not 0 <= seconds <= latest:
        raise BadField(f"time {text[:50]} lies outside 1970-01-01 to {datetime.fromtimestamp(latest, UTC):%Y-%m-%d}")
    return datetime.fromtimestamp(seconds, UTC)


def _iso_seconds(text: str) -> float:
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise BadField(f"time {text[:50]!r} is neither ISO 8601 nor Unix seconds") from error
