"""Check the single fields of files, or refuse them with the reason in words."""

import math

from catalog.ids import InvalidId, clean_new_id
from catalog.importers.rows import BadField, Scale

MAX_TITLE_LENGTH = 500
MAX_LABEL_LENGTH = 100
MAX_REVIEW_TITLE = 200


def identifier(text: str, what: str) -> str:
    """Return an id in the form that every door gives it. Raises BadField, also for one that none may be made with."""
    try:
        return clean_new_id(text)
    except InvalidId as error:
        raise BadField(f"{what} {error}") from error


def clean(text: str, what: str) -> str:
    """Return the text trimmed. Raises BadField where PostgreSQL can't store it."""
    if not text.isprintable():
        if "\x00" in text:
            raise BadField(f"{what} holds a NUL character")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise BadField(f"{what} holds bytes that are not of the file's encoding")
    return text.strip()


def title(text: str) -> str:
    """Return an item's title, cut where it is too long. Raises BadField where it is empty."""
    text = clean(text, "title")
    if not text:
        raise BadField("title is empty")
    return text if len(text) <= MAX_TITLE_LENGTH else text[: MAX_TITLE_LENGTH - 1] + "…"


def labels(texts: list[str], what: str) -> tuple[str, ...]:
    """Return categories or tags without empty ones and repetitions, each cut to 100 characters."""
    found = (clean(text, what)[:MAX_LABEL_LENGTH].strip() for text in texts)
    return tuple(dict.fromkeys(label for label in found if label))


def number(text: str, what: str) -> float:
    """Return a finite number. Raises BadField; Python's own digit grouping (1_000) is not accepted."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise BadField(f"{what} {text[:50]!r} is not a number")
    return value


def whole(text: str) -> int | None:
    """Return a whole number, also one written as 1997.0; None where there is none."""
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return None


def rating(text: str, scale: Scale, remedy: str = "") -> float:
    """Return a rating. Raises BadField where it lies outside the scale; the sentence ends with the remedy."""
    value = number(text, "rating")
    if not scale.minimum <= value <= scale.maximum:
        raise BadField(f"rating {value:g} lies outside {scale}{remedy}")
    return value


MOST_COUNTED = 1_000_000_000


def count(text: str) -> int:
    """Return how often something happened, as a column of plays or quantities says; 2.4 kg are 2, 0.3 kg are 1.

    Raises BadField for zero, for less, and for what is no number.
    """
    value = number(text, "count")
    if not 0 < value <= MOST_COUNTED:
        raise BadField(f"count {value:g} does not lie between 1 and {MOST_COUNTED:,}")
    return max(1, round(value))
