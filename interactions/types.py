"""Keep the interaction types by name in each process: every event needs one, and staff rarely change them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from interactions.models import InteractionType
from interactions.schema import TypeRule
from recsite.platform import database, generations
from recsite.platform.reloading import Reloading

GENERATION = "interaction-types"


@dataclass(frozen=True)
class _Types:
    by_name: Mapping[str, InteractionType]
    rules: Mapping[str, TypeRule]


def by_name() -> Mapping[str, InteractionType]:
    """Return every type; do not change the rows. Raises DatabaseDown where they were never read and can't be now."""
    return _copy.current().by_name


def rules() -> Mapping[str, TypeRule]:
    """Return what `schema.parse` must know of every type."""
    return _copy.current().rules


def marking_seen() -> list[InteractionType]:
    """Return the types after which an item is not shown to the user again."""
    return [kind for kind in by_name().values() if kind.marks_seen]


def telling() -> list[InteractionType]:
    """Return the types that say something of a user's taste; an impression doesn't."""
    return [kind for kind in by_name().values() if kind.weight or kind.rule.scale]


def changed() -> None:
    """Tell every process that a type was added, edited or removed; waits for the commit.

    This one knows it at once: the first events of a new type often follow it.
    """
    generations.bump(GENERATION)
    transaction.on_commit(_copy.hurry, robust=True)


def forget() -> None:
    """Forget what was read, as if the process had just started: for tests."""
    _copy.forget()


def _read() -> _Types:
    kinds = {kind.name: kind for kind in database.ask(lambda: list(InteractionType.objects.all()))}
    return _Types(kinds, {name: kind.rule for name, kind in kinds.items()})


_copy = Reloading(GENERATION, _read)
