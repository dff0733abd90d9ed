"""Keep the placements by name in each process: every list needs one, and staff rarely change them."""

from collections.abc import Collection, Mapping

from django.conf import settings

from recommender.models import DEFAULT, Placement
from recsite.platform import database, generations
from recsite.platform.exceptions import Invalid
from recsite.platform.reloading import Reloading

GENERATION = "placements"


class UnknownPlacement(Invalid):
    """Refuse a placement that staff have not made."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        named = ", ".join(sorted(known))
        super().__init__({"placement": f"There is no placement {name!r}. Known: {named}."})


def named(name: str = "") -> Placement:
    """Return the placement of that name; `default` without one. Raises UnknownPlacement, which names the known ones."""
    known = _copy.current()
    found = known.get(name or DEFAULT)
    if found is None:
        raise UnknownPlacement(name, known)
    return found


def content_weight(placement: Placement) -> float | None:
    """Return the weight of content in its lists: its own, else that of the settings; None for the learned one."""
    return settings.CONTENT_BASED_WEIGHT if placement.content_weight is None else placement.content_weight


def changed() -> None:
    """Make every process read the placements again: call it wherever one is written; it waits for the commit."""
    generations.bump(GENERATION)


def forget() -> None:
    """Empty the copy as if the process had just started, for tests."""
    _copy.forget()


def _read() -> Mapping[str, Placement]:
    stored = database.ask(lambda: list(Placement.objects.all()))
    return {**_makeshift(), **{placement.name: placement for placement in stored}}


def _makeshift() -> Mapping[str, Placement]:
    """Build the default placement: lists are made without the database, too."""
    return {DEFAULT: Placement(name=DEFAULT)}


_copy = Reloading(GENERATION, _read, _makeshift)
