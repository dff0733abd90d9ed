"""Name the properties that expressions know, of what kind each is, and what it holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from catalog.expressions.errors import did_you_mean, shown

ITEM, USER, VIEWED = "item", "user", "viewed"
"""Whose properties there are: of each item of the list, of the user, and of the item that is looked at."""

FEATURE, DEMOGRAPHIC = "features.", "user.demographics."
FAMILIES: Mapping[str, str] = {
    FEATURE: "The item's features by their names, such as features.year.",
    DEMOGRAPHIC: "The user's demographics by their names, such as user.demographics.language.",
}
"""Beginnings of names that go on with a name of the client's own."""

LONGEST_KEY = 100
"""Characters of the name of a feature, or of a demographic, that can be asked for."""


class Kind(Enum):
    """Say what a property is compared with; the value names it in sentences."""

    TEXT = 'a text in quotes, such as "Poetry"'
    NUMBER = "a number, such as 9.5"
    TIME = "a date, such as 2026-01-31, or 2026-01-31T18:00Z"
    FLAG = "true or false"
    ANY = 'a text in quotes, such as "red", a number, or true or false'
    """As with features, of which everything may be known."""


@dataclass(frozen=True, slots=True)
class Property:
    """Name something that is known of an item, of the user or of the viewed item."""

    name: str
    """As it is written; the one form of several spellings."""
    kind: Kind
    has_many: bool = False
    """True where it holds any number of values, as `tags` does."""
    key: str = ""
    """The name of the feature or the demographic."""

    @property
    def scope(self) -> str:
        """Return whose it is: ITEM, USER or VIEWED."""
        first = self.name.partition(".")[0]
        return first if first in (USER, VIEWED) else ITEM


_T, _N = Kind.TEXT, Kind.NUMBER
_DESCRIBED: tuple[tuple[Property, str], ...] = (
    (Property("item_id", _T), "The item's id, as your systems use it."),
    (Property("category", _T, True), "The item's categories."),
    (Property("tags", _T, True), "The item's tags."),
    (Property("item_type", _T), "The item's type."),
    (Property("creator", _T), "The author, director or maker: the feature `creator` as a text."),
    (Property("published_at", Kind.TIME), "When the item was or will be published."),
    (
        Property("age_days", _N),
        "Whole days since the item was published or, without a date, came into the catalogue; missing before that.",
    ),
    (Property("price", _N), "The feature `price`, where it is a number."),
    (
        Property("is_new", Kind.FLAG),
        "True where `age_days` is below the days for which the placement counts an item as new (14 by default).",
    ),
    (
        Property("user.segment", _T, True),
        "The user's segments in small letters: `age:30-39`, `country:at`; of a place all parts: `home:graz, at`.",
    ),
    (Property("user.country", _T), "The demographic `country`, as it is written."),
    (Property("user.categories", _T, True), "The categories in the user's stated preferences."),
    (Property("user.tags", _T, True), "The tags in the user's stated preferences."),
    (Property("user.active_days_ago", _N), "Whole days since the user's last event; missing where there was none."),
    (Property("viewed.category", _T, True), "The categories of the item that is looked at."),
    (Property("viewed.tags", _T, True), "Its tags."),
    (Property("viewed.item_type", _T), "Its type."),
    (Property("viewed.creator", _T), "Its creator."),
    (Property("viewed.price", _N), "Its price."),
)
PROPERTIES: Mapping[str, Property] = {one.name: one for one, _ in _DESCRIBED}
DESCRIPTIONS: Mapping[str, str] = {one.name: text for one, text in _DESCRIBED}
AGE_DAYS, IS_NEW = PROPERTIES["age_days"], PROPERTIES["is_new"]
_PLAIN = re.compile(r"\w+")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)


def find(written: str) -> Property | str:
    """Return the property of this name, or the sentence that refuses it."""
    if found := PROPERTIES.get(written):
        return found
    for beginning in FAMILIES:
        if written.startswith(beginning):
            return _member(beginning, written.removeprefix(beginning))
    first, _, rest = written.partition(".")
    names = names_known((first,) if first in (USER, VIEWED) else (ITEM, USER, VIEWED))
    if rest and first not in (USER, VIEWED) and did_you_mean(first, [FEATURE[:-1]]):
        return f"There is no property {shown(written)}. Did you mean {FEATURE}{shown(rest)}? Known: {', '.join(names)}."
    whole = f" A feature is asked for as {FEATURE}{written}." if _PLAIN.fullmatch(written) else ""
    of_items = [name for name, one in PROPERTIES.items() if one.scope == ITEM]
    hint = did_you_mean(written, of_items) or did_you_mean(written, PROPERTIES) or whole
    return f"There is no property {shown(written)}.{hint} Known: {', '.join(names)}."


def names_known(scopes: tuple[str, ...] = (ITEM, USER, VIEWED)) -> list[str]:
    """Return the names of all properties of these scopes; families with NAME for what is the client's own."""
    every = [*PROPERTIES.values(), *(Property(f"{one}NAME", Kind.ANY) for one in FAMILIES)]
    return [one.name for one in every if one.scope in scopes]


def quoted(text: str) -> str:
    """Return a text as expressions write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquoted(written: str) -> str:
    """Return the text that is written in quotes, of either kind."""
    return re.sub(r"\\(.)", r"\1", written[1:-1], flags=re.DOTALL)


def _member(beginning: str, rest: str) -> Property | str:
    key = unquoted(rest) if _QUOTED.fullmatch(rest) else rest
    if not (_PLAIN.fullmatch(rest) or _QUOTED.fullmatch(rest)) or not key:
        return f'One name is needed after {beginning[:-1]}, such as {beginning}colour or {beginning}"page count".'
    if len(key) > LONGEST_KEY:
        return f"A name after {beginning[:-1]} has at most {LONGEST_KEY} characters."
    written = key if _PLAIN.fullmatch(key) else quoted(key)
    return Property(f"{beginning}{written}", Kind.ANY, True, key)
