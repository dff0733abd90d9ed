"""Errors that speak to the reader. Whose fault it is stands in the type."""

from collections.abc import Mapping


class UserFacingError(Exception):
    """Its message is one sentence for whoever asked: what is wrong, and what to do. It needs no traceback."""

    code = ""
    """The API's own word for it; empty for that of its status."""


class Invalid(UserFacingError):
    """The request's values are wrong; `errors` has a sentence for each of them (422)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{name}: {reason}" for name, reason in errors.items()))
        self.errors = dict(errors)


class Conflict(Invalid):
    """The values contradict what is there already; `errors` has a sentence for each of them (409)."""


class Unavailable(UserFacingError):
    """Something we depend on is gone for the moment: trying again later helps (503 with Retry-After)."""


class AlreadyRunning(UserFacingError):
    """Somebody else is doing the same work right now."""
