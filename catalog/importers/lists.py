"""Read lists that stand in one cell: as JSON, Python, pandas and numpy write them, or divided by a sign."""

import ast
import json
import math
import re
from typing import Any

from catalog.importers.rows import BadField

BRACKETED = re.compile(r"\[([^\[\]{}]*)\]", re.DOTALL)
"""A list without lists or objects in it."""

ENTRY = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s,;'"][^,;'"]*""", re.DOTALL)
"""A text in quotes, or the words between two commas. Numpy has no commas between texts: `['Drama' 'Comedy']`."""

MISSING = {"nan", "None", "null", "<NA>"}


def read_list(value: Any, what: str) -> list[str]:
    """Return the texts of a list, or of the text of a list; nothing for null and NaN.

    Of objects with a name (`[{"id": 18, "name": "Drama"}]`) the name counts. Raises BadField for anything else.
    """
    entries = _parse(value.strip()) if isinstance(value, str) else value
    return [_text(entry, what) for entry in entries if entry is not None]


def _parse(text: str) -> list[Any]:
    if text in MISSING or not text:
        return []
    if text[0] not in "[({":
        return _divide(text)
    # Python joins texts without a comma between them, so that a plain list is taken apart before Python is asked.
    for read in (json.loads, _plain, ast.literal_eval):
        try:
            entries = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(entries, list | tuple | set | frozenset):
            return list(map(_written, entries))
    return _divide(text)


def _plain(text: str) -> list[str | None]:
    """Return the entries of a list of texts and bare words. Raises ValueError where it is something else."""
    list_ = BRACKETED.fullmatch(text)
    if list_ is None or ENTRY.sub("", list_[1]).strip(" ,;\t\r\n"):
        raise ValueError("not a plain list")
    return [_entry(entry.strip()) for entry in ENTRY.findall(list_[1])]


def _entry(written: str) -> str | None:
    if written[0] in "'\"":
        return str(ast.literal_eval(written))
    return None if written in MISSING else written


def _divide(text: str) -> list[str]:
    """Return the parts of a text between | or ; or, where neither is there, between commas."""
    return re.split(r"[|;]" if re.search(r"[|;]", text) else ",", text)


def _written(entry: Any) -> Any:
    """Return a number of a list as text, NaN as None: whoever wrote it as text had no other way."""
    if not isinstance(entry, int | float) or isinstance(entry, bool):
        return entry
    return None if math.isnan(entry) else str(entry)


def _text(entry: Any, what: str) -> str:
    if isinstance(entry, dict):
        entry = entry.get("name")
    if not isinstance(entry, str):
        raise BadField(f"{what} holds something that is not a text")
    return entry
