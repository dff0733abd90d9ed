"""Say an expression in plain words: `tags == "sea" and price < 20` is "tag is “sea” and price is under 20".

This is what people read on pages; the text of an expression stays its one exact form.
"""

from collections.abc import Mapping

from catalog.expressions.properties import Kind, Property
from catalog.expressions.tree import And, Compare, Constant, Literal, Missing, Node, Not, Or, Text

RELATIONS: Mapping[str, tuple[str, str]] = {
    "==": ("is", "is not"),
    "<": ("is under", "is not under"),
    "<=": ("is at most", "is not at most"),
    ">": ("is over", "is not over"),
    ">=": ("is at least", "is not at least"),
}
"""By operator: the words of a comparison, and those of its opposite."""

TIMES: Mapping[str, str] = {"<": "before", "<=": "until", ">": "after", ">=": "from"}
NAMES: Mapping[str, str] = {
    "item_id": "id",
    "item_type": "type",
    "tags": "tag",
    "categories": "category",
    "age_days": "age in days",
    "published_at": "published",
    "active_days_ago": "days since the last event",
}
"""Names of properties that need other words."""


def in_words(node: Node) -> str:
    """Return what an expression says, as somebody would who has never seen the language."""
    if isinstance(node, And):
        return " and ".join(f"({in_words(part)})" if isinstance(part, Or) else in_words(part) for part in node.parts)
    if isinstance(node, Or):
        return " or ".join(f"({in_words(part)})" if isinstance(part, And) else in_words(part) for part in node.parts)
    if isinstance(node, Not):
        return _opposite(node.part)
    return _leaf(node, False)


def _opposite(node: Node) -> str:
    return _leaf(node, True) if isinstance(node, Compare | Missing) else f"not ({in_words(node)})"


def _leaf(node: Compare | Missing | Constant, is_opposite: bool) -> str:
    if isinstance(node, Constant):
        return str(node)
    name = _name(node.property)
    if isinstance(node, Missing):
        return f"{name} is {'known' if is_opposite else 'not known'}"
    if node.property.kind is Kind.FLAG:
        return _flag(node, is_opposite)
    value = _name(node.values) if isinstance(node.values, Property) else _values(node.values)
    if node.property.kind is Kind.TIME and node.operator in TIMES:
        return f"{name} {'not ' if is_opposite else ''}{TIMES[node.operator]} {value}"
    return f"{name} {RELATIONS[node.operator][is_opposite]} {value}"


def _flag(node: Compare, is_opposite: bool) -> str:
    if isinstance(node.values, Property):
        return f"{_name(node.property)} {RELATIONS['=='][is_opposite]} {_name(node.values)}"
    is_true = str(node.values[0]) == "true"
    return f"it is {'not ' if is_true == is_opposite else ''}{_name(node.property).removeprefix('is ')}"


def _values(values: tuple[Literal, ...]) -> str:
    written = [f"“{one.value}”" if isinstance(one, Text) else str(one) for one in values]
    return written[0] if len(written) == 1 else f"{', '.join(written[:-1])} or {written[-1]}"


def _name(one: Property) -> str:
    """Return a property's name in words: whose it is, if it isn't the item's, and what."""
    whose, dot, rest = one.name.partition(".")
    own = rest if dot else one.name
    own = NAMES.get(own, own.removeprefix("demographics.").strip('"').replace("_", " "))
    return {"user": "the user's ", "viewed": "the viewed item's "}.get(whose, "") + own
