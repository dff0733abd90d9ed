"""Say why a pin does nothing for a user: staff who have pinned an item wonder why it isn't there."""

from collections.abc import Mapping, Sequence

from recommender.engine.rules import Pin

_SEEN = (
    "a pin doesn't reach who has seen the item or a variant of it. To let it come back, on all lists, switch "
    "“hides the item from lists” off at Events, Event types"
)
BEYOND: Mapping[str, str] = {
    "seen": _SEEN,
    "seen_variant": _SEEN,
    "hidden": "a pin doesn't bring back what is hidden",
    "not_available_yet": "a pin waits until the item is available",
    "no_longer_available": "a pin doesn't bring back what is no longer available",
    "blocked": "a block beats a pin",
    "filtered": "a pin doesn't bring back what a filter leaves out",
    "variant": "only one variant of a thing is on a list",
}
"""By the cause that keeps an item off a list (`why_not.Cause`): what a pin can't do about it."""


def beyond_pins(cause: str, pins: Sequence[Pin], row: int) -> str:
    """Return the sentence about the rule that pins this item all the same; nothing where none does, or could help."""
    pin = next((one for one in pins if one.row == row), None)
    if pin is None or cause not in BEYOND:
        return ""
    return f" Rule {pin.rule} of the placement pins it at position {pin.position}, but {BEYOND[cause]}."
