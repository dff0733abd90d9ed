"""Django's sessions in the database, each with the account that it belongs to.

Keys of cookies are looked at before PostgreSQL is asked for them.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from recsite.platform.client_models import Session

_KEY_CHARS = frozenset(VALID_KEY_CHARS)


class SessionStore(DatabaseSessions):
    """A cookie that can't be one of our keys is no session. PostgreSQL would refuse one that holds a NUL."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key if session_key and _KEY_CHARS.issuperset(session_key) else None)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made: Any = super().create_model_instance(data)
        account = str(data.get(SESSION_KEY, ""))
        made.account_id = int(account) if account.isdecimal() else None
        return made
