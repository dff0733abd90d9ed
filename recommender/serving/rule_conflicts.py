"""Name what stands in the way of a placement's rules when they are made. These are warnings: lists pass it by."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import F

from catalog import snapshot
from catalog.expressions import ITEM, Context, matches, parse
from catalog.models import EndUser
from catalog.snapshot import Snapshot
from recommender.merchandising.rules import BLOCK, PIN, PIN_BEST, Rule
from recommender.serving.filtering import about_user, with_activity
from recommender.serving.placements import clock
from recsite.platform import database

ASKED = 500
"""The users active last, among whom somebody of an audience is looked for."""


def conflicts(rules: Sequence[Rule]) -> list[str]:
    """Return a sentence for each conflict, in the order of the rules. Raises DatabaseDown."""
    if not rules:
        return []
    catalogue, now = snapshot.current(), clock()
    numbered = list(enumerate(rules, 1))
    return [
        *(said for number, rule in numbered for said in _of_one(catalogue, number, rule, numbered, now)),
        *_empty_audiences(numbered),
    ]


def _of_one(
    catalogue: Snapshot, number: int, rule: Rule, numbered: Sequence[tuple[int, Rule]], now: datetime
) -> Iterator[str]:
    if rule.has_ended(now):
        yield f"Rule {number} ended on {rule.ends}: it does nothing any more."
    if rule.does in (PIN, PIN_BEST):
        before = (n for n, one in numbered[: number - 1] if one.position == rule.position and not one.has_ended(now))
        if (other := next(before, None)) is not None:
            yield f"Rules {other} and {number} pin at position {rule.position}: rule {other} wins wherever both hold."
    if rule.does == PIN:
        yield from _of_item(catalogue, number, rule, numbered)
    elif rule.filter and (asked := parse(rule.filter)).scopes == {ITEM} and not snapshot.mask(catalogue, asked).count:
        yield f"Rule {number} is about no item now: nothing available is {rule.filter}."


def _of_item(catalogue: Snapshot, number: int, rule: Rule, numbered: Sequence[tuple[int, Rule]]) -> Iterator[str]:
    row = catalogue.row_of(rule.item or "")
    if row is None:
        yield f"Rule {number} pins {rule.item!r}, which doesn't exist or is erased: it does nothing."
        return
    if not catalogue.available[row]:
        yield f"Rule {number} pins {rule.item!r}, which is not available: it does nothing until it is."
        return
    for other, one in numbered:
        if one.does == BLOCK and one.filter and snapshot.mask(catalogue, parse(one.filter)).mask[row]:
            yield f"Rule {number} pins {rule.item!r}, which rule {other} blocks: the block wins wherever both hold."


def _empty_audiences(numbered: Sequence[tuple[int, Rule]]) -> Iterator[str]:
    asked = [(number, parse(rule.audience)) for number, rule in numbered if rule.audience]
    if not asked:
        return
    active = EndUser.objects.filter(opted_out_at=None).order_by(F("last_active").desc(nulls_last=True), "pk")[:ASKED]
    rows = database.ask(lambda: list(active.values_list("preferences", "demographics", "last_active")))
    known = [Context(with_activity(about_user(*row), time.time())) for row in rows]
    for number, audience in asked:
        if not any(matches(audience, one) for one in known):
            yield f"Rule {number} is for nobody now: of the {len(known):,} users active last none is {audience}."
