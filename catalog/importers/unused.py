"""Name the columns of events that count for nothing: a misspelt one would go unnoticed."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from catalog.importers.columns import EVENT_FIELDS
from catalog.importers.tables import plain


def unused_note(name: str, unused: Collection[str], found: Collection[str]) -> str:
    """Name the columns of the file `name` that nothing uses, and those that may be a field that wasn't found."""
    note = f"{name}: nothing uses the column{'s' * (len(unused) > 1)} {', '.join(unused)[:300]}."
    missing = {name: field for field in EVENT_FIELDS if field not in found for name in EVENT_FIELDS[field]}
    for column in unused:
        if meant := missing.get(_closest(plain(column), missing)):
            note += f" If {column} is the {meant}: --map {meant}={column}."
    return note


def _closest(column: str, names: Iterable[str]) -> str:
    """Return the name nearest to a column's, best one that begins like it; nothing where none is near."""
    near = get_close_matches(column, names, 5)
    return next((name for name in near if name[:3] == column[:3]), near[0] if near else "")
