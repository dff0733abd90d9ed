"""Say a rule in plain words: "Pin The Waste Land at position 1, until Sunday 6 December 2026"."""

from datetime import date

from catalog import snapshot
from catalog.expressions import parse
from catalog.expressions.properties import quoted
from recommender.merchandising.rules import AT_LEAST, AT_MOST, BLOCK, BOOST, BURY, PIN, PIN_BEST, UTC, Rule

NAMED = "item_id =="
"""How a filter begins that is about one item."""


def in_words(rule: Rule) -> str:
    """Return what a rule does, for whom and when; a sentence without its full stop. The note of the rule stays out."""
    what = {
        PIN: f"Pin {_title(rule.item or '')} at position {rule.position}",
        PIN_BEST: f"Pin at position {rule.position} the best of {_items(rule)}",
        BLOCK: f"Block {_items(rule)}",
        BOOST: f"Boost by {rule.factor or 1:.12g}: {_items(rule)}",
        BURY: f"Bury by {rule.factor or 1:.12g}: {_items(rule)}",
        AT_MOST: f"Show at most {rule.count} of each {rule.property} in the first {rule.first}",
        AT_LEAST: f"Show at least {rule.count} in the first {rule.first}: {_items(rule)}",
    }[rule.does]
    whom = f", where {parse(rule.audience).words}" if rule.audience else ""
    context = f", where {parse(rule.context).words}" if rule.context else ""
    return f"{what}{whom}{context}{_when(rule)}"


def _items(rule: Rule) -> str:
    """Return which items a rule is about: one by its title, others by what is true of them."""
    text = rule.filter or ""
    if text.startswith(NAMED) and (item_id := _only_item(text)):
        return _title(item_id)
    return f"items where {parse(text).words}" if text else "items"


def _only_item(text: str) -> str:
    """Return the id of the one item that a filter names; nothing where it says more."""
    values = [label for label in text.removeprefix(NAMED).strip()[1:-1].split('"') if label]
    return values[0] if len(values) == 1 and text == f"{NAMED} {quoted(values[0])}" else ""


def _title(item_id: str) -> str:
    catalogue = snapshot.current()
    row = catalogue.row_of(item_id)
    return f"“{catalogue.titles[row]}”" if row is not None else f"the item {item_id}, which isn't there"


def _when(rule: Rule) -> str:
    days = [
        f"{word} {date.fromisoformat(day):%A %-d %B %Y}"
        for word, day in (("from", rule.starts), ("until", rule.ends))
        if day
    ]
    hours = [f"from {rule.from_hour} to {rule.until_hour}"] if rule.from_hour else []
    if not (days or hours):
        return ""
    zone = f" ({rule.time_zone})" if rule.time_zone != UTC else " (UTC)" if hours else ""
    return f", {' '.join(days)}{', ' if days and hours else ''}{''.join(hours)}{zone}"
