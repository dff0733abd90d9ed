"""Find which file of a folder holds the users, which the items and which the events, for csv and jsonl."""

from collections.abc import Callable, Iterable

from catalog.importers.columns import EVENT_FIELDS, ITEM_FIELDS, ITEM_ID, USER_ID, find_fields
from catalog.importers.rows import UnreadableSource
from catalog.importers.source import Source

KINDS: tuple[str, ...] = ("users", "items", "events")
"""In the order in which they are read: events need their users and items."""

EVENT_STEMS = ("events", "interactions", "ratings")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
OF_EVENTS = {field: EVENT_FIELDS[field] for field in ("type", "value", "count")}
TELLING = {"user": USER_ID, "item": ITEM_ID, "title": ITEM_FIELDS["title"]} | OF_EVENTS
Columns = Callable[[str], Iterable[str]]
"""Returns the names of a member's columns; none where it has no header."""


def find_parts(
    files: Source, extensions: tuple[str, ...], columns: Columns, is_mapped: bool, kind_of_all: str = ""
) -> tuple[dict[str, str], list[str]]:
    """Return the members by kind (`users`, `items`, `events`) in the order in which they are read, and notes on them.

    Their names tell; where they don't, their columns do. Columns are mapped of events alone, so that with a mapping a
    file of another name holds events; `kind_of_all` says what the one file holds. Raises UnreadableSource where there
    are none, or where several may be of a kind.
    """
    if kind_of_all:
        return {kind_of_all: _only_one(files, kind_of_all, _members(files, extensions))}, []
    by_stem = {name.partition(".")[0]: name for name in _members(files, extensions)}
    parts: dict[str, str] = {kind: by_stem.pop(kind) for kind in KINDS[:2] if kind in by_stem}
    event_stem = next((stem for stem in EVENT_STEMS if stem in by_stem), None)
    if event_stem:
        parts["events"] = by_stem.pop(event_stem)
    others: dict[str, list[str]] = {}
    for name in by_stem.values():
        kind = "events" if is_mapped and not event_stem else kind_by_columns(columns(name))
        others.setdefault(kind, []).append(name)
    notes = _unread_notes(others.pop("events", [])) if event_stem else []
    for kind, names in others.items():
        parts[kind] = _only_one(files, kind, [*names, *([parts[kind]] if kind in parts else [])])
        notes += _kind_notes(parts[kind], kind)
    return {kind: parts[kind] for kind in KINDS if kind in parts}, notes


def _members(files: Source, extensions: tuple[str, ...]) -> list[str]:
    names = files.names if len(files.names) == 1 else [name for name in files.names if name.endswith(extensions)]
    if not names or names[0].endswith(WORKBOOKS):
        is_workbook = any(name.endswith(WORKBOOKS) for name in files.names)
        way_out = " Save the sheets of a workbook as CSV (UTF-8)." if is_workbook else ""
        raise UnreadableSource(f"{files.path} has no {' or '.join(extensions)} file; it has {files.listing}.{way_out}")
    return names


def _only_one(files: Source, kind: str, names: list[str]) -> str:
    if len(names) > 1:
        raise UnreadableSource(
            f"{files.path} has several files that may hold the {kind}: {', '.join(sorted(names)[:12])}. "
            f"Name one of them {kind}, or give its path."
        )
    return names[0]


def kind_by_columns(names: Iterable[str]) -> str:
    """Return the kind of rows in a file with these columns; events where the columns don't say.

    Users have a user's id and no item's, items an item's id and a title and no user's; neither has what events alone
    have, such as a type or a rating.
    """
    fields = find_fields(TELLING, names).keys()
    if fields & OF_EVENTS.keys():
        return "events"
    if "user" in fields and "item" not in fields:
        return "users"
    return "items" if {"item", "title"} <= fields and "user" not in fields else "events"


def _kind_notes(name: str, kind: str) -> list[str]:
    if kind == "events":
        return []
    return [f"{name} has the columns of {kind} and was read as such. If it holds events, name its columns with --map."]


def _unread_notes(names: list[str]) -> list[str]:
    if not names:
        return []
    return [f"Not read: {', '.join(sorted(names)[:12])}. Give the path of one to import it as well."]
