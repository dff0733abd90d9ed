"""Say in words what two settings of a placement differ in: a line for each setting, and one for each rule."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from recommender.merchandising.rules import FIELDS, Rule
from recommender.merchandising.settings import TABLE, ListSettings, in_words

NO_RULE = "none"
"""Stands for a rule, or a field of one, that isn't there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold what one setting, or one rule, was and is, in words."""

    name: str
    label: str
    before: str
    after: str
    rules: tuple[Rule | None, Rule | None] | None = None
    """The rule as it was and as it is, of a line about one."""


def differences(before: ListSettings, after: ListSettings) -> list[Difference]:
    """Return the settings that differ, in the order of TABLE, and the rules that do, in their order."""
    return [
        Difference(name, label, in_words(name, getattr(before, name)), in_words(name, getattr(after, name)))
        for name, (_, _, label) in TABLE.items()
        if name != "rules" and getattr(before, name) != getattr(after, name)
    ] + _of_rules(before.rules, after.rules)


def _of_rules(before: Sequence[Rule], after: Sequence[Rule]) -> list[Difference]:
    """Return each rule that came, went, changed or moved; one that only makes room for others is no difference."""
    was, now = [str(rule) for rule in before], [str(rule) for rule in after]
    blocks = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    changed = [(range(i, j), range(k, m)) for kind, i, j, k, m in blocks if kind != "equal"]
    moved = _moved(was, now, changed)
    leaving = [at for gone, _ in changed for at in gone if at not in moved.values()]
    coming = [at for _, new in changed for at in new if at not in moved]
    pairs: list[tuple[int | None, int | None]] = [(old, at) for at, old in moved.items()]
    for alike in (_subject, _verb):
        for at in list(coming):
            if (old := next((one for one in leaving if alike(before[one]) == alike(after[at])), None)) is not None:
                leaving.remove(old)
                coming.remove(at)
                pairs.append((old, at))
    pairs += [(old, None) for old in leaving] + [(None, at) for at in coming]
    ordered = sorted(pairs, key=lambda pair: (pair[0] if pair[1] is None else pair[1], pair[1] is not None))
    return [_of_rule(before, after, old, at, at in moved) for old, at in ordered]


def _of_rule(before: Sequence[Rule], after: Sequence[Rule], old: int | None, at: int | None, moves: bool) -> Difference:
    both = None if old is None else before[old], None if at is None else after[at]
    was, now = (NO_RULE if rule is None else str(rule) for rule in both)
    number = at if at is not None else old
    if moves and old is not None and at is not None:
        was = _from(old, at)
    return Difference("rules", f"rule {(number or 0) + 1}", was, now, both)


def _subject(rule: Rule) -> Hashable:
    """Return what makes a rule the same one after a change: what it does, and to which items."""
    return rule.does, rule.item, rule.filter, rule.property


def _verb(rule: Rule) -> Hashable:
    return rule.does


def changed_fields(before: Rule, after: Rule) -> list[tuple[str, str, str]]:
    """Return the fields in which two rules differ, with both values in words."""
    values = ((name, getattr(before, name), getattr(after, name)) for name in FIELDS)
    return [(name.replace("_", " "), _in_words(was), _in_words(now)) for name, was, now in values if was != now]


def _in_words(value: Any) -> str:
    return NO_RULE if value is None else str(value)


def _moved(was: Sequence[str], now: Sequence[str], changed: Iterable[tuple[range, range]]) -> dict[int, int]:
    """Return by its new place the old one of each rule that only moved."""
    left = [at for gone, _ in changed for at in gone]
    found: dict[int, int] = {}
    for at in (at for _, new in changed for at in new):
        if (same := next((one for one in left if was[one] == now[at]), None)) is not None:
            left.remove(same)
            found[at] = same
    return found


def _from(old: int, new: int) -> str:
    return f"as rule {old + 1}" if old != new else "in another order"
