"""Find classes in tables of dotted paths, so that a table can name what is heavy to import."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def find(table: Mapping[str, str], name: str, what: str) -> Any:
    """Import and return the class that `table` calls `name`; ValueError for another name."""
    if name not in table:
        raise ValueError(f"There is no {what} called {name!r}; known: {', '.join(sorted(table))}.")
    module, _, attribute = table[name].rpartition(".")
    return getattr(import_module(module), attribute)
