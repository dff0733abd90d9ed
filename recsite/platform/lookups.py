"""Requests that look something up, as staff do by their session: nothing that they see counts as shown."""

from contextvars import ContextVar

_by_staff: ContextVar[bool] = ContextVar("by_staff", default=False)


def begin_request() -> None:
    """Forget the request before: threads, and with them their variables, serve many."""
    _by_staff.set(False)


def mark() -> None:
    """Note that the current request is a look-up by staff."""
    _by_staff.set(True)


def is_by_staff() -> bool:
    return _by_staff.get()
