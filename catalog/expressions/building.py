"""Make the tree while the parser reads, and refuse what can't be compared, with its position."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from lark import Token, Transformer, v_args

from catalog.expressions.errors import ExpressionError, shown
from catalog.expressions.properties import ITEM, Kind, Property, find, names_known, unquoted
from catalog.expressions.tree import (
    DAY,
    Compare,
    Flag,
    Literal,
    Missing,
    Moment,
    Node,
    Number,
    Text,
    all_of,
    any_of,
    opposite,
)

MOST_COMPARISONS = 50
MOST_VALUES = 100
DEEPEST = 10
LONGEST_TEXT = 255
LARGEST = 1e300
KINDS: dict[type[Any], tuple[str, tuple[Kind, ...]]] = {
    Text: ("a text", (Kind.TEXT, Kind.ANY)),
    Number: ("a number", (Kind.NUMBER, Kind.ANY)),
    Flag: ("true or false", (Kind.FLAG, Kind.ANY)),
    Moment: ("a date", (Kind.TIME,)),
}
"""Literals: their names, and the kinds of properties that they are compared with."""

ORDERED = (Kind.NUMBER, Kind.TIME, Kind.ANY)
Name = tuple[Property, int]
"""A property, and the position of the character where it stands, from 1 on."""


class Value(NamedTuple):
    """Hold one side of a comparison, and where it stands."""

    value: Literal | Property
    position: int


class Built(NamedTuple):
    """Hold a part of the tree with what is bounded of it, and the names in it."""

    node: Node
    depth: int
    comparisons: int
    names: tuple[Name, ...]
    position: int


class Builder(Transformer[Token, Built]):
    """Make a node of each rule of the grammar. Every method may raise ExpressionError."""

    @v_args(inline=True)
    def start(self, whole: Built) -> Built:
        return whole

    def either(self, children: list[Any]) -> Built:
        return _joined(children, any_of)

    def both(self, children: list[Any]) -> Built:
        return _joined(children, all_of)

    @v_args(inline=True)
    def negated(self, word: Token, part: Built) -> Built:
        return _deeper(part._replace(node=opposite(part.node)), _at(word))

    @v_args(inline=True)
    def nested(self, part: Built) -> Built:
        return _deeper(part, part.position)

    @v_args(inline=True)
    def flag(self, word: Token) -> Built:
        name = _name(word)
        if name[0].kind is not Kind.FLAG:
            example = f"{name[0].name} == ..." if name[0].kind is Kind.ANY else f"{name[0].name} == {_example(name[0])}"
            sentence = f"{name[0].name} needs a comparison, such as {example}."
            raise ExpressionError(_at(word) + len(word), sentence, ("==", "!=", "in", "is missing"))
        return _leaf(Compare(name[0], "==", (Flag(True),)), name)

    @v_args(inline=True)
    def compared(self, word: Token, operator: Token, value: Value) -> Built:
        return _comparison(_name(word), operator, (value,))

    @v_args(inline=True)
    def among(self, word: Token, _: Token, values: tuple[Value, ...]) -> Built:
        return _comparison(_name(word), "==", values)

    @v_args(inline=True)
    def not_among(self, word: Token, _: Token, __: Token, values: tuple[Value, ...]) -> Built:
        return _comparison(_name(word), "!=", values)

    @v_args(inline=True)
    def has(self, word: Token, verb: Token, amount: Token, values: tuple[Value, ...]) -> Built:
        name = _name(word)
        if not name[0].has_many:
            sentence = f"{name[0].name} has one value: write {name[0].name} in (...)."
            raise ExpressionError(_at(verb), sentence, ("in", "not in"))
        if amount.type != "ALL":
            return _comparison(name, "==" if amount.type == "ANY" else "!=", values)
        if isinstance(values[0].value, Property):
            raise ExpressionError(values[0].position, 'has all needs a list of values, such as ("a", "b").', ("(",))
        each = [_comparison(name, "==", (value,)) for value in values]
        return each[0]._replace(node=all_of([one.node for one in each]), comparisons=len(each))

    @v_args(inline=True)
    def missing(self, word: Token, *_: Token) -> Built:
        name = _name(word)
        return _leaf(Missing(name[0]), name)

    @v_args(inline=True)
    def present(self, word: Token, *_: Token) -> Built:
        name = _name(word)
        return _leaf(opposite(Missing(name[0])), name)

    def listed(self, children: list[Value]) -> tuple[Value, ...]:
        values = tuple(children)
        if len(values) > MOST_VALUES:
            sentence = f"A list has at most {MOST_VALUES} values; this has {len(values)}."
            raise ExpressionError(values[MOST_VALUES].position, sentence)
        for value in values:
            if isinstance(value.value, Property):
                sentence = f"{value.value.name} stands in a list, which holds values. Texts stand in quotes."
                raise ExpressionError(value.position, sentence, [name for name, _ in KINDS.values()])
        return values

    @v_args(inline=True)
    def referred(self, word: Token) -> tuple[Value, ...]:
        return (self._reference(word),)

    @v_args(inline=True)
    def reference(self, word: Token) -> Value:
        return self._reference(word)

    @v_args(inline=True)
    def text(self, word: Token) -> Value:
        text = unquoted(word)
        if len(text) > LONGEST_TEXT or "\x00" in text:
            raise ExpressionError(_at(word), f"A text has at most {LONGEST_TEXT} characters, and no NUL.")
        return Value(Text(text), _at(word))

    @v_args(inline=True)
    def number(self, word: Token) -> Value:
        number = float(word)
        if not math.isfinite(number) or abs(number) > LARGEST:
            raise ExpressionError(_at(word), f"{shown(word)} is too large a number.")
        return Value(Number(number + 0.0), _at(word))

    @v_args(inline=True)
    def time(self, word: Token) -> Value:
        try:
            found = datetime.fromisoformat(word.upper())
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            start = int(found.timestamp())
            datetime.fromtimestamp(start, UTC)
        except (ValueError, OverflowError):
            sentence = f"There is no {shown(word)} in the calendar. A date is needed, such as 2026-01-31."
            raise ExpressionError(_at(word), sentence, (Kind.TIME.value,)) from None
        return Value(Moment(start, start + (1 if "T" in word.upper() else DAY)), _at(word))

    @v_args(inline=True)
    def true(self, word: Token) -> Value:
        return Value(Flag(True), _at(word))

    @v_args(inline=True)
    def false(self, word: Token) -> Value:
        return Value(Flag(False), _at(word))

    def _reference(self, word: Token) -> Value:
        """Return a property on the right of a comparison: one of the context, since items are on the left."""
        found = find(word)
        if isinstance(found, str) or found.scope == ITEM:
            known = [name for name in names_known() if "." in name and not name.startswith("features")]
            sentence = (
                f"{shown(word)} is neither a value nor a property of the user or of the viewed item. Texts stand in "
                f'quotes: "{shown(word)}". Known: {", ".join(known)}.'
            )
            raise ExpressionError(_at(word), sentence, known)
        return Value(found, _at(word))


def _joined(children: list[Any], join: Callable[[list[Node]], Node]) -> Built:
    parts = [child for child in children if isinstance(child, Built)]
    if len(parts) == 1:
        return parts[0]
    comparisons = sum(part.comparisons for part in parts)
    if comparisons > MOST_COMPARISONS:
        sentence = f"An expression has at most {MOST_COMPARISONS} comparisons."
        raise ExpressionError(parts[-1].position, sentence)
    names = tuple(name for part in parts for name in part.names)
    depth = max(part.depth for part in parts)
    return Built(join([part.node for part in parts]), depth, comparisons, names, parts[0].position)


def _deeper(part: Built, position: int) -> Built:
    if part.depth >= DEEPEST:
        raise ExpressionError(position, f"Parentheses and not go at most {DEEPEST} deep.")
    return part._replace(depth=part.depth + 1, position=position)


def _leaf(node: Node, *names: Name) -> Built:
    return Built(node, 0, 1, names, names[0][1])


def _comparison(name: Name, operator: str, values: tuple[Value, ...]) -> Built:
    one = name[0]
    if operator not in ("==", "=", "!=") and one.kind not in ORDERED:
        sentence = f"{one.name} can't be compared with {operator}: it has no order. Write ==, != or in."
        raise ExpressionError(name[1], sentence, ("==", "!=", "in"))
    for value in values:
        _check(one, operator, value)
    first = values[0].value
    right = first if isinstance(first, Property) else _each_once(values)
    names = (name, (first, values[0].position)) if isinstance(first, Property) else (name,)
    if operator == "!=":
        return _leaf(opposite(Compare(one, "==", right)), *names)
    return _leaf(Compare(one, "==" if operator == "=" else operator, right), *names)


def _check(one: Property, operator: str, value: Value) -> None:
    """Refuse a value of another kind than the property."""
    other, is_equality = value.value, operator in ("==", "=", "!=")
    if isinstance(other, Property):
        fits = one.kind is other.kind or (Kind.ANY in (one.kind, other.kind) and one.kind not in (Kind.TIME, Kind.FLAG))
        if not fits or (not is_equality and other.kind not in ORDERED):
            sentence = f"{other.name} can't be compared so: {one.name} is compared with {one.kind.value}."
            raise ExpressionError(value.position, sentence, (one.kind.value,))
        return
    name, kinds = KINDS[type(other)]
    if one.kind not in kinds:
        hint = " Dates stand without quotes." if one.kind is Kind.TIME and isinstance(other, Text) else ""
        sentence = f"{other} is {name}, and {one.name} is compared with {one.kind.value}.{hint}"
        raise ExpressionError(value.position, sentence, (one.kind.value,))
    if not is_equality and isinstance(other, Text | Flag):
        sentence = f"{name.capitalize()} has no order: write ==, != or in instead of {operator}."
        raise ExpressionError(value.position, sentence, ("==", "!=", "in"))


def _each_once(values: tuple[Value, ...]) -> tuple[Literal, ...]:
    return tuple(dict.fromkeys(value.value for value in values if not isinstance(value.value, Property)))


def _name(word: Token) -> Name:
    found = find(word)
    if isinstance(found, str):
        raise ExpressionError(_at(word), found, names_known())
    return found, _at(word)


def _example(one: Property) -> str:
    return {Kind.TEXT: '"..."', Kind.NUMBER: "5", Kind.TIME: "2026-01-31"}.get(one.kind, "true")


def _at(word: Token) -> int:
    return (word.start_pos or 0) + 1
