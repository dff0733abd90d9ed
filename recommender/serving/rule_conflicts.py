"""Name what stands in the way of a placement's rules when they are made. These are warnings: lists pass it by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings

from catalog import item_names, snapshot
from catalog.expressions import ITEM, USER, VIEWED, Context, Expression, matches, parse
from catalog.snapshot import Snapshot
from recommender.merchandising import ListSettings
from recommender.merchandising.clock_changes import day_without
from recommender.merchandising.rules import BLOCK, PIN, PIN_BEST, Rule
from recommender.models import Placement
from recommender.serving.audience_sizes import audience_sizes
from recommender.serving.placements import clock
from recsite.platform import database

Kind = Placement.Kind
WITHOUT_USER = frozenset(Kind) - {Kind.ANY, Kind.USER}
"""Lists whose requests by the API name no user."""

WITHOUT_VIEWED = frozenset((Kind.USER, Kind.POPULAR, Kind.LATEST, Kind.TRENDING))
"""Lists that start from no item."""


@dataclass(frozen=True, slots=True)
class _Case:
    """Hold what the rules of a placement are judged by."""

    catalogue: Snapshot
    kind: str
    own: ListSettings
    now: datetime

    @property
    def numbered(self) -> Sequence[tuple[int, Rule]]:
        return list(enumerate(self.own.rules, 1))

    @property
    def unknown(self) -> frozenset[str]:
        """Return whose properties nobody knows on these lists."""
        scopes = ((USER, WITHOUT_USER), (VIEWED, WITHOUT_VIEWED))
        return frozenset(scope for scope, kinds in scopes if self.kind in kinds)

    def mask(self, text: str | None) -> np.ndarray | None:
        """Return the available items of which an expression is true; None where that depends on who looks at what."""
        if text is None or parse(text).scopes - {ITEM} - self.unknown:
            return None
        return snapshot.mask(self.catalogue, parse(text), Context(new_for_days=self.own.new_for_days)).mask


def conflicts(kind: str, own: ListSettings) -> list[str]:
    """Return a sentence for each conflict on a placement of this kind, in the order of rules. Raises DatabaseDown."""
    if not (own.rules or own.filter):
        return []
    case = _Case(snapshot.current(), kind, own, clock())
    return [
        *_nothing_left(case),
        *(said for number, rule in case.numbered for said in _of_one(case, number, rule)),
        *_empty_audiences(case),
    ]


def _nothing_left(case: _Case) -> Iterator[str]:
    """Name a filter, or blocks for everybody, that leave no item: such a list is empty."""
    passed = case.mask(case.own.filter)
    if passed is not None and not passed.any():
        yield f"The filter leaves nothing, so the list is empty: nothing available is {case.own.filter} now."
        return
    blocks = [one for _, one in case.numbered if one.does == BLOCK and _is_for_all(one) and one.holds_at(case.now)]
    masks = [mask for one in blocks if (mask := case.mask(one.filter)) is not None]
    if masks:
        left = case.catalogue.available if passed is None else passed
        if left.any() and not (left & ~np.logical_or.reduce(masks)).any():
            yield "What the rules block leaves nothing, so the list is empty."


def _is_for_all(rule: Rule) -> bool:
    return not (rule.audience or rule.context)


def _of_one(case: _Case, number: int, rule: Rule) -> Iterator[str]:
    if rule.has_ended(case.now):
        yield f"Rule {number} ended on {rule.ends}: it does nothing any more."
    elif not rule.holds_at(case.now):
        yield f"Rule {number} is not in force at this moment, by its days and hours: a preview is without it."
    if day := day_without(rule, case.now.date()):
        yield (
            f"Rule {number} holds from {rule.from_hour} to {rule.until_hour} by the clock of {rule.time_zone}. On "
            f"{day:%-d %B %Y} clocks go forward over these hours, so it does nothing on that day."
        )
    yield from _of_conditions(case, number, rule)
    if rule.does in (PIN, PIN_BEST):
        yield from _of_position(case, number, rule)
    if rule.does == PIN:
        yield from _of_item(case, number, rule)
    elif (found := case.mask(rule.filter)) is not None:
        passed = case.mask(case.own.filter)
        if not found.any():
            yield f"Rule {number} is about no item now: nothing available is {rule.filter}."
        elif passed is not None and not (found & passed).any():
            yield f"Rule {number} is about no item now: the placement's filter stops all that is {rule.filter}."
        elif rule.does != BLOCK and (other := _blocking(case, found)):
            yield f"Rule {number} is about no item wherever rule {other} holds, which blocks all that is {rule.filter}."


def _blocking(case: _Case, found: np.ndarray) -> int | None:
    """Return the first rule that blocks all of these items, for everybody."""
    blocks = ((number, one) for number, one in case.numbered if one.does == BLOCK and _is_for_all(one))
    masks = ((number, case.mask(one.filter)) for number, one in blocks if not one.has_ended(case.now))
    return next((number for number, mask in masks if mask is not None and not (found & ~mask).any()), None)


def _of_conditions(case: _Case, number: int, rule: Rule) -> Iterator[str]:
    """Name conditions that these lists never meet; one that is true where nothing is known is met."""
    lists = str(Kind(case.kind).label)
    if rule.audience and USER in case.unknown and not _holds_unknown(parse(rule.audience)):
        told = f"the API names none to these lists ({lists}): it never holds there"
        yield f"Rule {number} asks about the user, and {told}."
    if rule.context and VIEWED in case.unknown and not _holds_unknown(parse(rule.context)):
        yield f"Rule {number} asks about a viewed item, and these lists ({lists}) start from none: it never holds."


def _holds_unknown(asked: Expression) -> bool:
    return matches(asked, Context())


def _of_position(case: _Case, number: int, rule: Rule) -> Iterator[str]:
    before = [(n, one) for n, one in case.numbered[: number - 1] if not one.has_ended(case.now)]
    wins = (n for n, one in before if one.position == rule.position and not _never_wins(before, n, one))
    if not _never_wins(before, number, rule) and (other := next(wins, None)):
        yield f"Rules {other} and {number} pin at position {rule.position}: rule {other} wins wherever both hold."
    again = (n for n, one in before if rule.item and one.item == rule.item and one.position != rule.position)
    if other := next(again, None):
        yield f"Rules {other} and {number} pin {rule.item!r}: rule {other} wins wherever both hold."
    length = min(case.own.count or settings.DEFAULT_RECOMMENDATION_COUNT, settings.MAX_RECOMMENDATION_COUNT)
    if rule.position and rule.position > length:
        yield (
            f"Rule {number} pins at position {rule.position}, and the list has {length}: "
            "only later pages show it, and requests that ask for more."
        )


def _never_wins(before: Sequence[tuple[int, Rule]], number: int, rule: Rule) -> bool:
    """Tell if an earlier rule, which always holds, pins the same item elsewhere."""
    return any(
        one.item == rule.item and one.position != rule.position and one.is_always
        for n, one in before
        if rule.item and n < number
    )


def _of_item(case: _Case, number: int, rule: Rule) -> Iterator[str]:
    row = case.catalogue.row_of(rule.item or "")
    if row is None:
        near = item_names.told(database.ask(lambda: item_names.near(rule.item or "")))
        hint = f" Near it: {near}." if near else ""
        yield f"Rule {number} pins {rule.item!r}, which doesn't exist or is erased: it does nothing.{hint}"
        return
    if not case.catalogue.available[row]:
        yield f"Rule {number} pins {rule.item!r}, which is not available: it does nothing until it is."
        return
    passed = case.mask(case.own.filter)
    if passed is not None and not passed[row]:
        yield f"Rule {number} pins {rule.item!r}, which the placement's filter stops: it does nothing."
    for other, one in case.numbered:
        if one.does == BLOCK and (blocked := case.mask(one.filter)) is not None and blocked[row]:
            yield f"Rule {number} pins {rule.item!r}, which rule {other} blocks: the block wins wherever both hold."


def _empty_audiences(case: _Case) -> Iterator[str]:
    asked = [(number, rule.audience) for number, rule in case.numbered if rule.audience]
    if not asked or USER in case.unknown:
        return
    sizes = audience_sizes([audience for _, audience in asked])
    for (number, _), size in zip(asked, sizes, strict=True):
        if not size.inside:
            yield f"Rule {number} {size}"
