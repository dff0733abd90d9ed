"""Read Gorse's settings of feedback types, such as `read>=3`, as types of events.

`positive_feedback_types` speak for an item, `read_feedback_types` only hide it from lists, `negative_feedback_types`
speak against it. A threshold makes a type of its own, since events of one type count the same: `read>=3` gives `read`
for the others and `read-at-least-3`.
"""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from catalog.importers.base import Options
from catalog.importers.rows import BadField, NewType, UnreadableSource

NAME = re.compile(r"[-a-zA-Z0-9_]{1,50}")
EXPRESSION = re.compile(r"\s*([-a-zA-Z0-9_]{1,30})\s*(?:(>=|<=|>|<|=)\s*(-?[0-9]+(?:\.[0-9]+)?))?\s*")
COMPARISONS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    ">=": ("at-least", operator.ge),
    "<=": ("at-most", operator.le),
    ">": ("above", operator.gt),
    "<": ("below", operator.lt),
    "=": ("exactly", operator.eq),
}
NAMES = "letters, digits, - and _, at most 50"


def type_name(text: str) -> str:
    """Return the name of a type as it may be here. Raises BadField."""
    if not NAME.fullmatch(text):
        raise BadField(f"FeedbackType {text[:60]!r} is not made of {NAMES}")
    return text


@dataclass(frozen=True)
class Expression:
    """Hold a type and, perhaps, what the value has to be."""

    name: str
    comparison: str = ""
    threshold: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises UnreadableSource."""
        found = EXPRESSION.fullmatch(text)
        if found is None:
            raise UnreadableSource(f"The feedback type {text!r} is neither a name nor an expression such as read>=3.")
        name, comparison, threshold = found.groups()
        return cls(name, comparison or "", float(threshold or 0))

    @property
    def own_name(self) -> str:
        """Return the name of the type that its events get."""
        if not self.comparison:
            return self.name
        number = f"{self.threshold:g}".replace(".", "_").replace("-", "minus-")
        return f"{self.name}-{COMPARISONS[self.comparison][0]}-{number}"

    def holds(self, name: str, value: float) -> bool:
        """Tell whether feedback of this type and value is meant."""
        return name == self.name and (not self.comparison or COMPARISONS[self.comparison][1](value, self.threshold))


class FeedbackTypes:
    """Tell of which type here a piece of feedback is."""

    def __init__(self, options: Options) -> None:
        """Take the settings as they stand in Gorse's configuration. Raises UnreadableSource."""
        self._telling = [
            (one, NewType(one.own_name, is_negative=is_negative))
            for texts, is_negative in ((options.negative, True), (options.positive, False))
            for one in map(Expression.parse, texts)
        ]
        self._read = {one.name for one in map(Expression.parse, options.read)}
        self._is_set = bool(options.positive or options.read or options.negative)

    def type_of(self, name: str, value: float) -> str:
        """Return the name of the type here."""
        return next((new.name for one, new in self._telling if one.holds(name, value)), name)

    def made_for(self, names: Iterable[str]) -> Sequence[NewType]:
        """Return the types that feedback of these names may get.

        Without settings all of them speak for an item; with settings those that nobody names say nothing.
        """
        found = dict[str, NewType]()
        for name in sorted(names):
            for one, new in self._telling:
                if one.name == name:
                    found[new.name] = new
            if name not in found:
                found[name] = NewType(name, 0.0, marks_seen=name in self._read) if self._is_set else NewType(name)
        return list(found.values())
