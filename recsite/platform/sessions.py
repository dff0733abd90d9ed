"""Django's sessions in the database, whose keys are looked at before PostgreSQL is asked for them."""

from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

_KEY_CHARS = frozenset(VALID_KEY_CHARS)


class SessionStore(DatabaseSessions):
    """A cookie that can't be one of our keys is no session. PostgreSQL would refuse one that holds a NUL."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key if session_key and _KEY_CHARS.issuperset(session_key) else None)
