"""Describe requests about what is kept of a user. Erasing needs the scope `erase`."""

from __future__ import annotations

from recsite_client.answers import Json
from recsite_client.calls import Call, get, post


def erase_user(user_id: str) -> Call[None]:
    """Erase the user for good: events, lists and profile go, and the id is refused from then on."""
    return Call("DELETE", "users/{}", [user_id])


def export_user(user_id: str) -> Call[Json]:
    """Return everything that is kept of the user."""
    return get("users/{}/export", user_id)


def opt_out(user_id: str) -> Call[Json]:
    """Opt the user out: nothing that they do is kept from now on, and they get the lists that everybody gets."""
    return post("users/{}/opt-out", user_id, once=True)


def opt_in(user_id: str) -> Call[None]:
    """Let the user take part again."""
    return Call("DELETE", "users/{}/opt-out", [user_id])


def merge_user(user_id: str, into: str) -> Call[Json]:
    """Make an anonymous visitor a known user, who keeps their profile and gets the visitor's events and lists."""
    return post("users/{}/merge", user_id, body={"into": into}, once=True)
