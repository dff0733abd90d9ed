"""Evaluate what depends on the context: the user, and the item that is looked at; and whatever needs no arrays."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.expressions.parsing import Expression
from catalog.expressions.properties import AGE_DAYS, DEMOGRAPHIC, IS_NEW, ITEM, Kind, Property
from catalog.expressions.tree import (
    And,
    Compare,
    Constant,
    Flag,
    Literal,
    Missing,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
    replaced,
)

NEW_FOR_DAYS = 14
LARGEST, SMALLEST = 1e300, 1e-300
"""Numbers beyond the one count as missing, those below the other as 0."""

NUMERIC = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,15})?")
"""A text that counts as a number as well, since files of CSV know nothing else."""

Values = Callable[[Property], tuple[Literal, ...]]


@dataclass(frozen=True)
class Context:
    """Hold what is known beside the items: of the user, and of the item that is looked at, by the properties' names.

    Values are texts, numbers, booleans, or lists of these; demographics are a mapping under `user.demographics`. What
    is not in it is missing.
    """

    known: Mapping[str, Any] = field(default_factory=dict)
    new_for_days: int = NEW_FOR_DAYS

    def values(self, wanted: Property) -> tuple[Literal, ...]:
        """Return the values of a property of the context; none where it is missing."""
        if wanted.key:
            family = self.known.get(DEMOGRAPHIC[:-1])
            return literals(family.get(wanted.key) if isinstance(family, Mapping) else None)
        return of_kind(literals(self.known.get(wanted.name)), wanted.kind)


def literals(value: Any) -> tuple[Literal, ...]:
    """Return what a value of JSON is in comparisons; nothing for null, objects, and what no comparison can hold."""
    if isinstance(value, bool):
        return (Flag(value),)
    if isinstance(value, str):
        return (Text(value), Number(float(value))) if NUMERIC.fullmatch(value) else (Text(value),)
    if isinstance(value, int | float):
        # Written so that NaN is left out too, and no conversion of a whole number of any length fails.
        return (Number(float(value) if abs(value) >= SMALLEST else 0.0),) if abs(value) <= LARGEST else ()
    if isinstance(value, list | tuple):
        return tuple(one for each in value if not isinstance(each, list | tuple) for one in literals(each))
    return ()


def of_kind(values: tuple[Literal, ...], kind: Kind) -> tuple[Literal, ...]:
    """Return the values that a property of this kind can have."""
    wanted = {Kind.TEXT: Text, Kind.NUMBER: Number, Kind.FLAG: Flag, Kind.TIME: Moment}.get(kind)
    return values if wanted is None else tuple(value for value in values if isinstance(value, wanted))


def bind(expression: Expression, context: Context) -> Node:
    """Return what is left for the items to decide, once everything of the context is known; perhaps a constant."""
    if expression.is_bound:
        return expression.root

    def of_leaf(leaf: Compare | Missing) -> Node:
        one = leaf.property
        if one.scope != ITEM:
            return Constant(holds(leaf, context.values))
        if one == IS_NEW:
            return _is_new(leaf, context)
        if isinstance(leaf, Missing) or not isinstance(leaf.values, Property):
            return leaf
        values = of_kind(context.values(leaf.values), one.kind)
        return Compare(one, leaf.operator, _needed(leaf.operator, values)) if values else Constant(False)

    return replaced(expression.root, of_leaf)


def matches(expression: Expression, context: Context) -> bool:
    """Tell if an expression over the context alone is true: an audience.

    Raises ValueError where it names properties of items; `parse(text, scopes=(USER,))` refuses such an audience.
    """
    left = bind(expression, context)
    if not isinstance(left, Constant):
        raise ValueError(f"This needs items: {left}")
    return left.value


def holds(node: Node, values: Values) -> bool:
    """Tell if an expression is true of one thing, given the values of its properties."""
    if isinstance(node, Compare):
        wanted = values(node.values) if isinstance(node.values, Property) else node.values
        return any(compared(node.operator, value, one) for value in values(node.property) for one in wanted)
    if isinstance(node, Missing):
        return not values(node.property)
    if isinstance(node, Not):
        return not holds(node.part, values)
    if isinstance(node, And):
        return all(holds(part, values) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, values) for part in node.parts)
    return node.value


def compared(operator: str, value: Literal, wanted: Literal) -> bool:
    """Tell if a value stands in a relation to another one; never where they are of different kinds."""
    if isinstance(value, Moment) and isinstance(wanted, Moment):
        at = value.start
        return {
            "==": wanted.start <= at < wanted.end,
            "<": at < wanted.start,
            "<=": at < wanted.end,
            ">": at >= wanted.end,
            ">=": at >= wanted.start,
        }[operator]
    if isinstance(value, Number) and isinstance(wanted, Number):
        number, other = value.value, wanted.value
        return {
            "==": number == other,
            "<": number < other,
            "<=": number <= other,
            ">": number > other,
            ">=": number >= other,
        }[operator]
    return operator == "==" and value == wanted


def _needed(operator: str, values: tuple[Literal, ...]) -> tuple[Literal, ...]:
    """Return the values on which a comparison with any of them depends: of an order one alone."""
    if operator == "==":
        return tuple(dict.fromkeys(values))
    numbers = [value.value for value in values if isinstance(value, Number)]
    return (Number(max(numbers) if operator in ("<", "<=") else min(numbers)),)


def _is_new(leaf: Compare | Missing, context: Context) -> Node:
    """Return `is_new` as a question of age; it is never missing."""
    if isinstance(leaf, Missing):
        return Constant(False)
    young: Node = Compare(AGE_DAYS, "<", (Number(float(context.new_for_days)),))
    if isinstance(leaf.values, Property):
        return Constant(False)
    wanted = {value.value for value in leaf.values if isinstance(value, Flag)}
    return Constant(bool(wanted)) if len(wanted) != 1 else young if True in wanted else Not(young)
