"""Describe requests that sign staff in, by tokens in the place of a key."""

from __future__ import annotations

from recsite_client.answers import Tokens
from recsite_client.calls import Call, given


def sign_in(username: str, password: str, *, code: str | None = None) -> Call[Tokens]:
    """Return tokens of a member of staff, who may do by them what their account may do in the admin.

    `code` is that of the second factor, where the account has one.
    """
    return Call("POST", "auth/token", body={"username": username, "password": password, **given(code=code)})


def refresh_tokens(refresh: str) -> Call[Tokens]:
    """Return new tokens. A refresh token is good once, so this is never sent again by itself."""
    return Call("POST", "auth/refresh", body={"refresh": refresh}, is_for_once=True)


def sign_out(token: str) -> Call[None]:
    """End all tokens of a sign-in, by one of them."""
    return Call("POST", "auth/revoke", body={"token": token})
