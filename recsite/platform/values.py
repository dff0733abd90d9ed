"""Define the types of values in requests: read them from query strings and JSON, and describe them in the schema.

A type converts nothing that JSON already types: "5" is not 5. All types speak the same sentences, whatever the door.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

LONGEST_TEXT = 255
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
LARGEST_WHOLE = 19
"""Digits of a whole number from which on Python's conversion is not even tried."""

MOST_NAMED = 10
"""Unknown names that an answer explains: the answer to a bad request is never larger than a few kilobytes."""

LONGEST_NAME = 100
MORE = "more"
"""Where an answer says how many names it leaves out."""

_BOOLEANS = {"true": True, "false": False}
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_KINDS = {type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
A_TEXT = "A text that is not empty is needed."
A_NUMBER = "A number is needed, such as 3.5."
NO_NUL = "The character NUL (U+0000) can't be stored or looked for: leave it out."
GIVEN_TWICE = "It is given more than once."


class WrongValue(ValueError):
    """Refuse a value, with a sentence that is without the name of the field."""


def of_wrong_kind(needed: str, value: Any, how: str = "") -> WrongValue:
    """Return a refusal that says what is needed, which kind of JSON came instead, and how to mend it."""
    return WrongValue(f"{needed} This is {_KINDS.get(type(value), 'an object')}{': ' if how else ''}{how}.")


def no_text(needed: str, value: Any) -> WrongValue:
    """Return the refusal of a value that has to be a text."""
    return of_wrong_kind(needed, value, "put it in quotes" if isinstance(value, bool | int | float) else "")


def no_literal(needed: str, value: Any) -> WrongValue:
    """Return the refusal of a value that has to be a number, or true or false."""
    return of_wrong_kind(needed, value, "leave out the quotes" if isinstance(value, str) else "")


def check_text(text: str, longest: int) -> None:
    """Raise WrongValue for a text that is too long, or that no row can hold."""
    if len(text) > longest:
        raise WrongValue(f"At most {longest:,} characters are possible; these are {len(text):,}.")
    if "\x00" in text:
        raise WrongValue(NO_NUL)


class ValueType:
    """Read one value. Every reader raises WrongValue."""

    def from_query(self, texts: Sequence[str]) -> Any:
        """Return what a parameter of a query string says, given all its occurrences (at least one)."""
        if len(texts) > 1:
            raise WrongValue(GIVEN_TWICE)
        return self.from_text(texts[0])

    def from_text(self, text: str) -> Any:
        """Return what one text of a query string says."""
        raise NotImplementedError

    def from_json(self, value: Any) -> Any:
        """Return a value of JSON, checked and never converted."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of everything that the type accepts."""
        raise NotImplementedError


@dataclass(frozen=True)
class Integer(ValueType):
    minimum: int
    maximum: int

    def from_text(self, text: str) -> int:
        is_whole = text.isascii() and text.isdecimal() and len(text) < LARGEST_WHOLE
        return self._within(int(text) if is_whole else None)

    def from_json(self, value: Any) -> int:
        # JSON knows one type of number: 5.0 is the whole number 5.
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise no_literal(self._needed, value)
        return self._within(value if isinstance(value, int) else None)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def _within(self, value: int | None) -> int:
        if value is None or not self.minimum <= value <= self.maximum:
            raise WrongValue(self._needed)
        return value

    @property
    def _needed(self) -> str:
        return f"A whole number from {self.minimum} to {self.maximum} is needed."


@dataclass(frozen=True)
class Number(ValueType):
    minimum: float = -math.inf
    maximum: float = math.inf

    def from_text(self, text: str) -> float:
        return self._within(float(text) if _NUMBER.fullmatch(text) else math.nan)

    def from_json(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise no_literal(A_NUMBER, value)
        return self._within(float(value))

    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {"type": "number", **{name: bound for name, bound in bounds.items() if math.isfinite(bound)}}

    def _within(self, value: float) -> float:
        if not math.isfinite(value):
            raise WrongValue(A_NUMBER)
        if not self.minimum <= value <= self.maximum:
            raise WrongValue(f"A number from {self.minimum:,.10g} to {self.maximum:,.10g} is needed.")
        return value


@dataclass(frozen=True)
class Boolean(ValueType):
    _NEEDED: ClassVar[str] = "Either true or false is needed."

    def from_text(self, text: str) -> bool:
        if text not in _BOOLEANS:
            raise WrongValue(self._NEEDED)
        return _BOOLEANS[text]

    def from_json(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise no_literal(self._NEEDED, value)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Text(ValueType):
    longest: int = LONGEST_TEXT

    def from_text(self, text: str) -> str:
        if not text.strip():
            raise WrongValue(A_TEXT)
        check_text(text, self.longest)
        return text

    def from_json(self, value: Any) -> str:
        if not isinstance(value, str):
            raise no_text(A_TEXT, value)
        return self.from_text(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.longest, "pattern": NOT_BLANK}


@dataclass(frozen=True)
class FreeText(ValueType):
    """Read a text that may be empty."""

    longest: int

    def from_json(self, value: Any) -> str:
        if not isinstance(value, str):
            raise no_text("A text is needed.", value)
        check_text(value, self.longest)
        return value.strip()

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest, "pattern": r"^[^\u0000]*$"}


@dataclass(frozen=True)
class Choice(ValueType):
    """Read one of several texts or, in JSON, of several whole numbers."""

    choices: tuple[Any, ...]

    def from_text(self, text: str) -> Any:
        return self.from_json(text)

    def from_json(self, value: Any) -> Any:
        if value not in self.choices or type(value) is not type(self.choices[0]):
            raise WrongValue(f"One of {', '.join(map(str, self.choices))} is needed.")
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string" if isinstance(self.choices[0], str) else "integer", "enum": list(self.choices)}


@dataclass(frozen=True)
class Many(ValueType):
    """Read several values of one type: in a query string the parameter is repeated, in JSON it is a list."""

    each: ValueType
    at_most: int
    at_least: int = 0
    is_unique: bool = False
    """True where no value may stand twice, in whatever spelling."""

    def from_query(self, texts: Sequence[str]) -> tuple[Any, ...]:
        self._counted(texts)
        return self._told_apart(tuple(map(self.each.from_text, texts)))

    def from_json(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise of_wrong_kind("A list is needed.", value, "put it in brackets" if isinstance(value, str) else "")
        # The count comes first and the first wrong value ends it: a long list costs no more than a short one.
        self._counted(value)
        return self._told_apart(tuple(self._one(number, one) for number, one in enumerate(value, 1)))

    def schema(self) -> dict[str, Any]:
        least = {"minItems": self.at_least} if self.at_least else {}
        unique = {"uniqueItems": True} if self.is_unique else {}
        return {"type": "array", "items": self.each.schema(), **least, "maxItems": self.at_most, **unique}

    def _counted(self, values: Sequence[Any]) -> None:
        if len(values) > self.at_most:
            raise WrongValue(f"At most {self.at_most} values are possible.")
        if len(values) < self.at_least:
            raise WrongValue(f"At least {self.at_least} value is needed.")

    def _told_apart(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.is_unique and len(set(values)) < len(values):
            number, first = next((n, values.index(one)) for n, one in enumerate(values) if one in values[:n])
            raise WrongValue(f"Value {number + 1} is the same as value {first + 1}: name each once.")
        return values

    def _one(self, number: int, value: Any) -> Any:
        try:
            return self.each.from_json(value)
        except WrongValue as wrong:
            raise WrongValue(f"Value {number}: {wrong}") from wrong


def unknown_names(names: Collection[str], refusal: Callable[[str], str]) -> Mapping[str, str]:
    """Return a sentence for each of the first MOST_NAMED unknown names, and how many more there are."""
    named = {name[:LONGEST_NAME]: refusal(name) for name in sorted(names)[:MOST_NAMED]}
    more = len(names) - MOST_NAMED
    return {**named, MORE: f"{more:,} more names are unknown."} if more > 0 else named


def in_order(names: Iterable[str], order: Sequence[str]) -> list[str]:
    """Return the names each once, in the order of those that are known; others at the end, by the alphabet."""
    return sorted(set(map(str, names)), key=lambda one: (order.index(one) if one in order else len(order), one))
