"""The placements by name, as a copy in each process: every list needs one, and staff rarely change them."""

from collections.abc import Mapping

from recommender.models import DEFAULT, Placement
from recsite.platform import database, generations
from recsite.platform.exceptions import Explained
from recsite.platform.reloading import Copy

EPOCH = "placements"


class UnknownPlacement(Explained):
    """The request names a placement that staff have not made."""


def named(name: str = "") -> Placement:
    """The placement of that name; `default` without one. Raises UnknownPlacement, which names the known ones."""
    known = _copy.current()
    found = known.get(name or DEFAULT)
    if found is None:
        raise UnknownPlacement(f"There is no placement {name!r}. Known: {', '.join(sorted(known))}.")
    return found


def changed() -> None:
    """A placement was added, edited or removed: call it wherever that is done; it waits for the commit."""
    generations.bump(EPOCH)


def forget() -> None:
    """As if the process had just started, for tests."""
    _copy.forget()


def _read() -> Mapping[str, Placement]:
    stored = database.ask(lambda: list(Placement.objects.all()))
    return {**_makeshift(), **{placement.name: placement for placement in stored}}


def _makeshift() -> Mapping[str, Placement]:
    """Lists are made without the database, too."""
    return {DEFAULT: Placement(name=DEFAULT)}


_copy = Copy(EPOCH, _read, _makeshift)
