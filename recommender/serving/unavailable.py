"""Say why an item is on no list at all: it is hidden, or its time has not come yet, or is over."""

from datetime import datetime

from catalog.models import Item


def why_unavailable(item: Item, now: datetime) -> tuple[str, str]:
    """Return the name of the cause and a sentence, for an item that the catalogue in memory calls unavailable."""
    if not item.is_available:
        return "hidden", "It is hidden: staff, or whoever keeps the catalogue, took it out of all lists."
    if item.available_from and item.available_from > now:
        return "not_available_yet", f"It is not available before {item.available_from:%Y-%m-%d %H:%M} UTC."
    until = f" since {item.available_until:%Y-%m-%d %H:%M} UTC" if item.available_until else ""
    return "no_longer_available", f"It is no longer available{until}."
