"""Reads a query string strictly and cheaply: a misspelt parameter is an error, not a default."""

import base64
import binascii
import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.http import QueryDict

from recsite.platform.exceptions import Invalid

LONGEST_TEXT = 255
T = TypeVar("T")
_BOOLEANS = {"true": True, "false": False}


class Query:
    """Collects a sentence for everything that is wrong; `check()` raises them together as Invalid.

    Parameters that were not given get their default. Only those read with `texts` may be repeated.
    """

    def __init__(self, given: QueryDict, known: Iterable[str]) -> None:
        self.errors: dict[str, str] = {}
        self._given = given
        if not given.keys() <= set(known):
            for name in given.keys() - set(known):
                self.errors[name] = f"There is no such parameter. Known: {', '.join(sorted(known))}."

    def integer(self, name: str, default: int, minimum: int, maximum: int) -> int:
        raw = self._single(name)
        if raw is None:
            return default
        if raw.isascii() and raw.isdecimal() and len(raw) < 19 and minimum <= int(raw) <= maximum:
            return int(raw)
        return self._wrong(name, f"A whole number from {minimum} to {maximum} is needed.", default)

    def number(self, name: str, minimum: float = -math.inf, maximum: float = math.inf) -> float | None:
        raw = self._single(name)
        if raw is None:
            return None
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            return self._wrong(name, "A number is needed, such as 3.5.", None)
        if not minimum <= value <= maximum:
            return self._wrong(name, f"A number from {minimum:g} to {maximum:g} is needed.", None)
        return value

    def boolean(self, name: str) -> bool | None:
        raw = self._single(name)
        if raw is None or raw in _BOOLEANS:
            return _BOOLEANS.get(raw or "")
        return self._wrong(name, "Either true or false is needed.", None)

    def text(self, name: str) -> str:
        raw = self._single(name)
        return "" if raw is None else self._checked(name, raw)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of these texts; the first where none was given."""
        raw = self._single(name)
        if raw is None or raw in choices:
            return raw or choices[0]
        return self._wrong(name, f"One of {', '.join(choices)} is needed.", choices[0])

    def texts(self, name: str, at_most: int) -> tuple[str, ...]:
        """A parameter that is repeated for each value: ?tags=a&tags=b."""
        raw = self._given.getlist(name)
        if len(raw) > at_most:
            return self._wrong(name, f"At most {at_most} values are possible.", ())
        return tuple(self._checked(name, value) for value in raw)

    def cursor(self, name: str) -> int:
        """The place that `cursor_after` wrote down; 0 at the start."""
        raw = self._single(name)
        try:
            place = int(base64.urlsafe_b64decode(raw.encode())) if raw else 0
        except (ValueError, binascii.Error):
            place = -1
        if not 0 <= place < 2**63:
            return self._wrong(name, "Use the next_cursor of the page before, as it came.", 0)
        return place

    def check(self) -> None:
        if self.errors:
            raise Invalid(self.errors)

    def _single(self, name: str) -> str | None:
        values = self._given.getlist(name)
        if len(values) > 1:
            self.errors[name] = "It is given more than once."
        return values[0] if len(values) == 1 else None

    def _checked(self, name: str, value: str) -> str:
        if not value:
            return self._wrong(name, "A text that is not empty is needed.", "")
        if len(value) > LONGEST_TEXT or "\x00" in value:
            return self._wrong(name, f"At most {LONGEST_TEXT} characters are possible, and no NUL.", "")
        return value

    def _wrong(self, name: str, sentence: str, instead: T) -> T:
        self.errors[name] = sentence
        return instead


def cursor_after(pk: int) -> str:
    """A cursor for the rows after this one. It is opaque, so that clients don't count on what is in it."""
    return base64.urlsafe_b64encode(str(pk).encode()).decode()
