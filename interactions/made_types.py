"""Make the types of events that somebody's system brings along, so that no event of theirs is lost."""

from collections.abc import Collection, Mapping

from django.db import transaction

from catalog.importers.rows import NewType
from interactions import registry
from interactions.models import InteractionType
from interactions.schema import AMOUNTS, TypeRule
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict

LARGEST = AMOUNTS[1]
"""Values of these types lie between this and its negative: they are counts, or whatever that system meant."""


def rules(new: Collection[NewType]) -> Mapping[str, TypeRule]:
    """Return what an event must be like under each of these types once it is made."""
    return {one.name: TypeRule(one.name, amounts=(-LARGEST, LARGEST)) for one in new}


@transaction.atomic
def make(new: Collection[NewType], *, actor: Actor) -> Mapping[str, TypeRule]:
    """Make those of the types that there are not yet, and return the rules of all that are asked for."""
    wanted = {one.name: one for one in new}
    known = {kind.name: kind for kind in InteractionType.objects.filter(name__in=wanted)}
    for name in sorted(wanted.keys() - known.keys()):
        known[name] = _make(wanted[name], actor)
    return {name: kind.rule for name, kind in known.items()}


def _make(new: NewType, actor: Actor) -> InteractionType:
    said = {"weight": new.weight, "is_negative": new.is_negative, "marks_seen": new.marks_seen}
    try:
        return registry.create(new.name, {**said, "amount_min": -LARGEST, "amount_max": LARGEST}, actor=actor)
    except Conflict:
        # Somebody else made it in between.
        return InteractionType.objects.get(name=new.name)
