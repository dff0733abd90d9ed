"""Scopes of keys and permissions of staff, of which the tables of routes, of pages and of undoing are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Name what the holder of a key may do. None holds another one: a key has each that it needs."""

    READ = "read"
    """Get lists, look things up."""
    WRITE = "write"
    """Send events, change the catalogue and users."""
    OPERATE = "operate"
    """Train, promote, roll back, clear caches, start jobs."""
    ERASE = "erase"
    """Erase users, and take back events, for good."""


DEFAULT_SCOPES = (Scope.READ, Scope.WRITE)
"""What a new key may do unless it is said otherwise, and what keys of before there were scopes go on with."""


class Browser(StrEnum):
    """Say what a browser key may do with a method, for the user whom its signed token names."""

    OWN_LIST = "the list of the user in the address"
    OWN_EVENTS = "events of the user in the body"
    ANY_LIST = "lists that belong to nobody"


@dataclass(frozen=True, slots=True)
class Access:
    """Say what one method of a route needs: of a key the scope, of staff the permission."""

    scope: Scope
    permission: str
    browser: Browser | None = None
    """What a browser key may do here besides having the scope; None for nothing."""


Routes = Mapping[str, Mapping[str, Access]]
"""By the route's name, then by method. HEAD needs what GET needs."""


def needed(routes: Routes, route: str, method: str) -> Access | None:
    """Return what a method of a route needs; None where the table doesn't know the route.

    A method that the route doesn't have needs what another one does: who may not come learns nothing about it.
    """
    methods = routes.get(route)
    if not methods:
        return None
    return methods.get("GET" if method in ("HEAD", "OPTIONS") else method) or next(iter(methods.values()))


@dataclass(frozen=True, slots=True)
class Undo:
    """Say how a verb of the record of changes is taken back: who may, and what does it."""

    permission: str
    handler: str
    """Dotted path of a function of the entry, with `actor`; it raises CannotUndo where it would undo more than that."""
