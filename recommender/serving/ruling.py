"""Find which rules of a placement meet a list, and what they do to it. Nothing of it asks the database.

Days and hours are settled with the request, audience and context with what is known of the user and the viewed item.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from functools import lru_cache

import numpy as np

from catalog import snapshot
from catalog.expressions import Context, Expression, matches, parse
from catalog.expressions.tree import Not, Or
from catalog.snapshot import Filtered, Snapshot
from recommender.engine.rules import AtLeast, AtMost, Boost, Matches, Pin
from recommender.merchandising import rules
from recommender.merchandising.rules import Rule
from recommender.serving.candidates.ruled_pages import NO_EFFECTS, Effects, Met
from recommender.serving.contract import MetRule, Request

Numbered = tuple[int, Rule]
FEW = 8
"""Rows that are looked up one by one: an array of them would take longer."""

MOST_CATALOGUES, MOST_ROWS = 8, 20_000
"""Properties of catalogues whose values are kept, of the rows that were asked for last."""


def meeting(request: Request, known: Context) -> Sequence[Numbered]:
    """Return the rules whose audience and context are true of the user and the viewed item, by their numbers."""
    return [one for one in request.rules if _meets(one[1], known)]


def _meets(rule: Rule, known: Context) -> bool:
    return all(matches(parse(text), known) for text in (rule.audience, rule.context) if text)


def blocked(meeting: Sequence[Numbered]) -> Expression | None:
    """Return the expression that is true of what no rule blocks; None where none blocks."""
    roots = [parse(rule.filter).root for _, rule in meeting if rule.does == rules.BLOCK and rule.filter]
    if not roots:
        return None
    return Expression(Not(roots[0] if len(roots) == 1 else Or(tuple(roots))))


def acting(
    catalogue: Snapshot, request: Request, known: Context, listable: Collection[int] | None = None
) -> tuple[Expression | None, Effects]:
    """Return what is true of the items that no rule blocks (None where none blocks), and what the other rules do.

    `listable` are the only rows that may be pinned, where the list can't hold others.
    """
    if not request.rules:
        return None, NO_EFFECTS
    met = meeting(request, known)
    return blocked(met), effects(catalogue, met, known, listable)


def effects(
    catalogue: Snapshot, meeting: Sequence[Numbered], known: Context, listable: Collection[int] | None = None
) -> Effects:
    """Return what the rules do to a list; those about items that the catalogue doesn't have do nothing.

    `listable` are the only rows that may be pinned, where the list can't hold others.
    """
    if not meeting:
        return NO_EFFECTS
    pins, boosts, limits, required = list[Pin](), list[Boost](), list[AtMost](), list[AtLeast]()
    filters: dict[int, Filtered] = {}
    blocks: dict[int, Filtered] = {}
    for number, rule in meeting:
        if rule.filter:
            (blocks if rule.does == rules.BLOCK else filters)[number] = snapshot.mask(
                catalogue, parse(rule.filter), known
            )
        if rule.does == rules.PIN:
            if (row := catalogue.row_of(rule.item or "")) is not None:
                pins.append(Pin(number, rule.position or 1, row))
        elif rule.does == rules.PIN_BEST:
            pins.append(Pin(number, rule.position or 1))
        elif rule.does in (rules.BOOST, rules.BURY):
            factor = rule.factor or 1.0
            its = factor if rule.does == rules.BOOST else 1 / factor
            boosts.append(Boost(number, its, _within(filters[number])))
        elif rule.does == rules.AT_MOST:
            values = _values(catalogue, rule.property or "")
            limits.append(AtMost(number, rule.count or 1, rule.first or 1, values))
        elif rule.does == rules.AT_LEAST:
            required.append(AtLeast(number, rule.count or 1, rule.first or 1, _within(filters[number])))
    only = None if listable is None else frozenset(listable)
    return Effects(pins, boosts, limits, required, filters, blocks, only)


def told(request: Request, met: Met, row: int) -> tuple[MetRule, ...]:
    """Return which rules met the item at a row, for explanations and previews."""
    named = dict(request.rules)
    return tuple(MetRule(number, word.value, named[number].note or "") for number, word in met.get(row, ()))


def _within(found: Filtered) -> Matches:
    mask = found.mask
    return lambda rows: [mask[row] for row in rows] if len(rows) < FEW else mask[np.array(rows)].tolist()


@lru_cache(MOST_CATALOGUES)
def _values(catalogue: Snapshot, name: str) -> Callable[[int], Collection[Hashable]]:
    """Return what reads the values of a property off a catalogue: of each row once, though limits ask often."""
    if name in ("category", "tags"):
        several = catalogue.categories if name == "category" else catalogue.tags
        return lru_cache(MOST_ROWS)(lambda row: several[row])
    one = catalogue.item_types if name == "item_type" else catalogue.creators
    return lru_cache(MOST_ROWS)(lambda row: (one[row],) if one[row] else ())
