"""Errors that speak to the reader. Whose fault it is stands in the type."""


class Explained(Exception):
    """Its message is one sentence for whoever asked: what is wrong, and what to do. It needs no traceback."""


class Unavailable(Explained):
    """Something we depend on is gone for the moment: trying again later helps (503 with Retry-After)."""


class Busy(Explained):
    """Somebody else is doing the same work right now."""
