"""Which file of a folder holds the people, which the items and which the events, for csv and jsonl."""

from catalog.importers.rows import UnreadableSource
from catalog.importers.source import Source

KINDS: tuple[str, ...] = ("users", "items")
EVENT_STEMS = ("events", "interactions", "ratings")


def find_parts(files: Source, extensions: tuple[str, ...]) -> dict[str, str]:
    """The members by kind (`users`, `items`, `events`), in the order in which they are read.

    Raises UnreadableSource where there are none, or where several might hold the events.
    """
    names = [name for name in files.names if name.endswith(extensions)]
    if len(files.names) == 1:
        names = files.names
    if not names:
        raise UnreadableSource(f"{files.path} has no {' or '.join(extensions)} file; it has {files.listing}.")
    by_stem = {name.partition(".")[0]: name for name in names}
    parts: dict[str, str] = {kind: by_stem.pop(kind) for kind in KINDS if kind in by_stem}
    if by_stem:
        parts["events"] = _events(files, by_stem)
    return parts


def _events(files: Source, by_stem: dict[str, str]) -> str:
    for stem in EVENT_STEMS:
        if stem in by_stem:
            return by_stem[stem]
    if len(by_stem) > 1:
        raise UnreadableSource(
            f"{files.path} has several files that may hold the events: {', '.join(sorted(by_stem.values())[:12])}. "
            "Name one of them events, or give its path."
        )
    return next(iter(by_stem.values()))
