"""Say in words what two settings of a placement differ in: a line for each setting, and one for each rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from recommender.merchandising.rules import Rule
from recommender.merchandising.settings import TABLE, ListSettings, in_words

NO_RULE = "none"


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold what one setting, or one rule, was and is, in words."""

    name: str
    label: str
    before: str
    after: str


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
    found: list[tuple[int, str, str]] = []
    for gone, new in changed:
        found += [(at, _from(moved[at], at), now[at]) for at in new if at in moved]
        leaving, coming = [at for at in gone if at not in moved.values()], [at for at in new if at not in moved]
        for old, own in zip_longest(leaving, coming):
            number = next(at for at in (own, old) if at is not None)
            found.append((number, NO_RULE if old is None else was[old], NO_RULE if own is None else now[own]))
    return [Difference("rules", f"rule {number + 1}", *said) for number, *said in sorted(found)]


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
