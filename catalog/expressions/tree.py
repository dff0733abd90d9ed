"""Hold parsed expressions: literals, comparisons, and their joining. All are values: equal ones mean the same.

An expression is true or false of each item, nothing else: a comparison of what is missing is false, and `not` turns
exactly that around. `!=`, `not in` and `has none` are parsed as the opposites of `==`, `in` and `has any`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog.expressions.properties import Kind, Property, quoted

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Text:
    value: str

    def __str__(self) -> str:
        return quoted(self.value)


@dataclass(frozen=True, slots=True)
class Number:
    value: float

    def __str__(self) -> str:
        return f"{self.value:.0f}" if self.value.is_integer() and abs(self.value) < 1e15 else repr(self.value)


@dataclass(frozen=True, slots=True)
class Flag:
    value: bool

    def __str__(self) -> str:
        return str(self.value).lower()


@dataclass(frozen=True, slots=True)
class Moment:
    """Hold a stretch of time in Unix seconds, without its end: a day of UTC, or one second."""

    start: int
    end: int

    def __str__(self) -> str:
        start = datetime.fromtimestamp(self.start, UTC).replace(tzinfo=None)
        return f"{start.date().isoformat()}" if self.end - self.start == DAY else f"{start.isoformat()}Z"


Literal = Text | Number | Flag | Moment


@dataclass(frozen=True, slots=True)
class Constant:
    """Be true, or false, of everything: what is left of a comparison whose context is known."""

    value: bool

    def __str__(self) -> str:
        return "everything" if self.value else "nothing"


@dataclass(frozen=True, slots=True)
class Compare:
    """Be true where any value of a property stands in this relation to any of the values."""

    property: Property
    operator: str
    """One of ==, <, <=, >, >=."""
    values: "tuple[Literal, ...] | Property"
    """Or the property whose values these are; it is of the context."""

    def __str__(self) -> str:
        return self.written(False)

    def written(self, is_opposite: bool) -> str:
        """Return the text of the comparison, or that of its opposite."""
        name, values = self.property.name, self.values
        if self.property.kind is Kind.FLAG and values == (Flag(True),):
            return f"not {name}" if is_opposite else name
        if not isinstance(values, Property) and len(values) > 1:
            several = f"({', '.join(map(str, values))})"
            return f"{name} {'not in' if is_opposite else 'in'} {several}"
        value = values.name if isinstance(values, Property) else str(values[0])
        if not is_opposite:
            return f"{name} {self.operator} {value}"
        return f"{name} != {value}" if self.operator == "==" else f"not {name} {self.operator} {value}"


@dataclass(frozen=True, slots=True)
class Missing:
    """Be true where the property has no value."""

    property: Property

    def __str__(self) -> str:
        return f"{self.property.name} is missing"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"

    def __str__(self) -> str:
        if isinstance(self.part, Compare):
            return self.part.written(True)
        if isinstance(self.part, Missing):
            return f"{self.part.property.name} is not missing"
        return f"not ({self.part})" if isinstance(self.part, And | Or) else f"not {self.part}"


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts))


Node = Constant | Compare | Missing | Not | And | Or


def opposite(node: Node) -> Node:
    """Return what is true where `node` is false."""
    if isinstance(node, Constant):
        return Constant(not node.value)
    return node.part if isinstance(node, Not) else Not(node)


def all_of(parts: list[Node]) -> Node:
    """Join parts by `and`, each once; what is always true falls out, and one that never is decides it."""
    flat = _flat(parts, And)
    if Constant(False) in flat:
        return Constant(False)
    kept = tuple(part for part in flat if not isinstance(part, Constant))
    return And(kept) if len(kept) > 1 else kept[0] if kept else Constant(True)


def any_of(parts: list[Node]) -> Node:
    """Join parts by `or`, each once; what is never true falls out, and one that always is decides it."""
    flat = _flat(parts, Or)
    if Constant(True) in flat:
        return Constant(True)
    kept = tuple(part for part in flat if not isinstance(part, Constant))
    return Or(kept) if len(kept) > 1 else kept[0] if kept else Constant(False)


def _flat(parts: list[Node], joined: type[And] | type[Or]) -> tuple[Node, ...]:
    every = [inner for part in parts for inner in (part.parts if isinstance(part, joined) else (part,))]
    return tuple(dict.fromkeys(every))


def leaves(node: Node) -> Iterator[Compare | Missing]:
    """Yield the comparisons of an expression, and the questions whether something is missing."""
    if isinstance(node, Compare | Missing):
        yield node
    elif isinstance(node, Not):
        yield from leaves(node.part)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from leaves(part)


def properties_of(node: Node) -> Iterator[Property]:
    """Yield the properties that an expression names, those on the right as well."""
    for leaf in leaves(node):
        yield leaf.property
        if isinstance(leaf, Compare) and isinstance(leaf.values, Property):
            yield leaf.values


def replaced(node: Node, of_leaf: Callable[[Compare | Missing], Node]) -> Node:
    """Return the expression with each leaf replaced, simplified."""
    if isinstance(node, Compare | Missing):
        return of_leaf(node)
    if isinstance(node, Not):
        return opposite(replaced(node.part, of_leaf))
    if isinstance(node, And):
        return all_of([replaced(part, of_leaf) for part in node.parts])
    if isinstance(node, Or):
        return any_of([replaced(part, of_leaf) for part in node.parts])
    return node
