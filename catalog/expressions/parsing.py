"""Parse expressions, and check them: every comparison has two sides of one kind, and all is bounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import cast

from lark import Lark, UnexpectedCharacters, UnexpectedToken

from catalog.expressions.building import Builder, Built
from catalog.expressions.errors import ExpressionError, did_you_mean, listed, shown
from catalog.expressions.properties import IS_NEW, ITEM, USER, VIEWED, Property, names_known
from catalog.expressions.tree import And, Node, properties_of
from catalog.expressions.words import in_words

LONGEST = 2_000
"""Characters of an expression."""

KEPT = 512
"""Parsed expressions that a process keeps, the last used ones."""

GRAMMAR = r"""
start: either
either: both (OR both)*
both: opposite (AND opposite)*
?opposite: NOT opposite -> negated
    | "(" either ")" -> nested
    | comparison
?comparison: NAME -> flag
    | NAME COMPARE value -> compared
    | NAME IN values -> among
    | NAME NOT IN values -> not_among
    | NAME HAS (ANY | ALL | NONE) values -> has
    | NAME IS MISSING -> missing
    | NAME IS NOT MISSING -> present
values: "(" value ("," value)* ")" -> listed
    | NAME -> referred
?value: TEXT -> text
    | NUMBER -> number
    | TIME -> time
    | TRUE -> true
    | FALSE -> false
    | NAME -> reference

AND.2: /and\b/i
OR.2: /or\b/i
NOT.2: /not\b/i
IN.2: /in\b/i
HAS.2: /has\b/i
ANY.2: /any\b/i
ALL.2: /all\b/i
NONE.2: /none\b/i
IS.2: /is\b/i
MISSING.2: /missing\b/i
TRUE.2: /true\b/i
FALSE.2: /false\b/i
COMPARE: "==" | "=" | "!=" | "<=" | ">=" | "<" | ">"
NAME: /[^\W\d]\w*(\.(\w+|"(\\.|[^"\\])*"))*/
TEXT: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/s
TIME.1: /\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d)?([Zz]|[+-]\d\d:\d\d)?)?/
NUMBER: /-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?/
%ignore /\s+/
"""
WORDS = {
    "NAME": "a property",
    "TEXT": "a text in quotes",
    "NUMBER": "a number",
    "TIME": "a date",
    "TRUE": "true",
    "FALSE": "false",
    "COMPARE": "a comparison (==, !=, <, <=, >, >=)",
    "AND": "and",
    "OR": "or",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "$END": "the end",
}
"""Terminals as sentences name them, in that order; the others are words of the language."""

INSTEAD = {"&": "and", "|": "or", "!": "not", "[": "(", "]": ")", ";": "and", "“": '"', "”": '"', "`": '"'}
"""What people write of habit, and what stands for it here."""


@dataclass(frozen=True)
class Expression:
    """Hold a checked expression. Equal expressions mean the same, however they were written."""

    root: Node

    @cached_property
    def text(self) -> str:
        """Return the expression in its one form, which parses to an equal one."""
        return str(self.root)

    @cached_property
    def words(self) -> str:
        """Return what the expression says in plain words, for people to read."""
        return in_words(self.root)

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Return the expressions that must all be true, each in its one form: it says as much as all together."""
        return tuple(map(str, self.root.parts if isinstance(self.root, And) else (self.root,)))

    @cached_property
    def scopes(self) -> frozenset[str]:
        """Return whose properties it names: ITEM, USER, VIEWED."""
        return frozenset(one.scope for one in properties_of(self.root))

    @cached_property
    def is_bound(self) -> bool:
        """Tell if it asks the items alone, so that binding changes nothing."""
        return self.scopes <= {ITEM} and IS_NEW not in properties_of(self.root)

    def __str__(self) -> str:
        return self.text


@lru_cache(KEPT)
def parse(text: str, scopes: tuple[str, ...] = (ITEM, USER, VIEWED)) -> Expression:
    """Return the expression that a text means; `scopes` are those whose properties it may name.

    Raises ExpressionError, which says where it is wrong and what is known there.
    """
    if len(text) > LONGEST:
        raise ExpressionError(LONGEST + 1, f"An expression has at most {LONGEST:,} characters; this has {len(text):,}.")
    if not text.strip():
        raise ExpressionError(1, 'An expression is needed, such as category == "Poetry".')
    try:
        built = cast(Built, _parser().parse(text))
    except UnexpectedToken as wrong:
        raise _unexpected(text, wrong) from None
    except UnexpectedCharacters as wrong:
        raise _unreadable(text, wrong.pos_in_stream or 0, wrong.allowed or ()) from None
    found = Expression(built.node)
    for one, position in built.names:
        if one.scope not in scopes:
            raise ExpressionError(position, _out_of_scope(one, scopes), names_known(scopes))
    return found


@cache
def _parser() -> Lark:
    """Make the parser at the first use: it takes some hundredths of a second, and most processes never need it."""
    return Lark(GRAMMAR, parser="lalr", transformer=Builder())


def _unexpected(text: str, wrong: UnexpectedToken) -> ExpressionError:
    token, position = wrong.token, (wrong.token.start_pos or 0) + 1
    expected = _named(wrong.accepts or wrong.expected)
    if token.type == "$END":
        return ExpressionError(len(text.rstrip()) + 1, f"It ends where {listed(expected)} is needed.", expected)
    found, hint = str(token), ""
    if token.type == "NAME":
        hint = did_you_mean(found, [word for word in expected if word.isalpha()])
        if "TEXT" in (wrong.accepts or wrong.expected):
            hint = f' Texts stand in quotes: "{shown(found)}".'
    return ExpressionError(position, f"{shown(found)} stands where {listed(expected)} is needed.{hint}", expected)


def _unreadable(text: str, at: int, expected: Iterable[str]) -> ExpressionError:
    found, named = text[at], _named(expected)
    if found in "\"'":
        return ExpressionError(at + 1, f"The text that begins with {found} here has no end: {found} is missing.", named)
    hint = f" Write {INSTEAD[found]} instead." if found in INSTEAD else ""
    needed = f" It stands where {listed(named)} is needed." if named and not hint else ""
    return ExpressionError(at + 1, f"{found!r} means nothing here.{hint}{needed}", named)


def _named(terminals: Iterable[str]) -> list[str]:
    order = list(WORDS)
    known = sorted(terminals, key=lambda one: (order.index(one) if one in WORDS else len(order), one))
    return [WORDS.get(one, one.lower()) for one in known]


def _out_of_scope(one: Property, scopes: tuple[str, ...]) -> str:
    return f"{one.name} is not known here. Known: {', '.join(names_known(scopes))}."
