"""Read a query string strictly and cheaply: a misspelt parameter is an error, not a default."""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import QueryDict

from recsite.platform.exceptions import Invalid
from recsite.platform.moments import Moment
from recsite.platform.values import LONGEST_TEXT, Boolean, Choice, Integer, Text, ValueType, WrongValue, unknown_names


class Query:
    """Collect a sentence for everything that is wrong; `check()` raises them together as Invalid.

    Parameters that were not given, and wrong ones, get their default.
    """

    def __init__(self, given: QueryDict, known: Iterable[str]) -> None:
        self.errors: dict[str, str] = {}
        self._given = given
        if unknown := given.keys() - set(known):
            named = ", ".join(sorted(known))
            hint = f"Known: {named}." if named else "This address takes none: put it into the body."
            self.errors.update(unknown_names(unknown, lambda _: f"There is no such parameter. {hint}"))

    def integer(self, name: str, default: int, minimum: int, maximum: int) -> int:
        return int(self._read(name, Integer(minimum, maximum), default))

    def boolean(self, name: str) -> bool | None:
        value: bool | None = self._read(name, Boolean(), None)
        return value

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        return str(self._read(name, Text(longest), ""))

    def moment(self, name: str) -> datetime | None:
        found: datetime | None = self._read(name, Moment(), None)
        return found

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        return str(self._read(name, Choice(choices), default))

    def cursor(self, name: str) -> int:
        """Return the key that `cursor_after` wrote down; 0 at the start."""
        if (key := key_of_cursor(self.text(name))) >= 0:
            return key
        self.errors[name] = "Use the next_cursor of the page before, as it came."
        return 0

    def check(self) -> None:
        """Raise Invalid where anything was wrong."""
        if self.errors:
            raise Invalid(self.errors)

    def _read(self, name: str, type_: ValueType, default: Any) -> Any:
        if not (texts := self._given.getlist(name)):
            return default
        try:
            return type_.from_query(texts)
        except WrongValue as wrong:
            self.errors[name] = str(wrong)
            return default


def cursor_after(pk: int) -> str:
    """Return a cursor for the rows after this one. It is opaque, so that clients don't count on what is in it."""
    return base64.urlsafe_b64encode(str(pk).encode()).decode()


def key_of_cursor(cursor: str) -> int:
    """Return the key that `cursor_after` wrote down; 0 for an empty text, below 0 for one that is no cursor."""
    try:
        key = int(base64.urlsafe_b64decode(cursor.encode())) if cursor else 0
    except (ValueError, binascii.Error):
        return -1
    return key if 0 <= key < 2**63 else -1
