"""Describe requests about items, users and what users did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from recsite_client.answers import (
    Accepted,
    Event,
    EventPage,
    EventResults,
    Item,
    ItemFields,
    ItemPage,
    Json,
    Moment,
    Review,
    User,
    UserFields,
    UserPage,
)
from recsite_client.calls import NDJSON, Call, Lines, get, given, post
from recsite_client.event_ids import dated

if TYPE_CHECKING:
    from typing_extensions import Unpack


def list_items(
    *,
    changed_since: Moment | None = None,
    category: str | None = None,
    tag: str | None = None,
    item_type: str | None = None,
    available: bool | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[ItemPage]:
    """Return a page of the catalogue. `items` iterates over all of it."""
    filters = {"category": category, "tag": tag, "item_type": item_type, "available": available}
    return get("items", changed_since=changed_since, limit=limit, cursor=cursor, **filters)


def read_item(item_id: str) -> Call[Item]:
    """Return an item."""
    return get("items/{}", item_id)


def create_item(item_id: str, *, idempotency_key: str | None = None, **fields: Unpack[ItemFields]) -> Call[Item]:
    """Create an item. Raises Conflict where there is one of this id already."""
    return post("items", body={"item_id": item_id, **fields}, once=True, key=idempotency_key)


def put_item(item_id: str, **fields: Unpack[ItemFields]) -> Call[Item]:
    """Make the item what the fields say, and empty where they say nothing; create it where it is missing."""
    return Call("PUT", "items/{}", [item_id], body=fields)


def change_item(item_id: str, **fields: Unpack[ItemFields]) -> Call[Item]:
    """Set these fields of an item, and leave the others as they are."""
    return Call("PATCH", "items/{}", [item_id], body=fields)


def delete_item(item_id: str) -> Call[None]:
    """Delete an item."""
    return Call("DELETE", "items/{}", [item_id])


def load_items(rows: Iterable[Mapping[str, Any]], *, idempotency_key: str | None = None) -> Call[Json]:
    """Create or change any number of items, streamed as NDJSON; each row has an `item_id` and fields.

    Up to 10,000 rows are answered at once, with a result for each; more become a job: pass its `id` to `wait_for_job`.
    Rows of a list, or of anything else that can be iterated over again, are sent again after a 429 or a 503.
    """
    return _load("items/bulk", rows, idempotency_key)


def list_users(
    *, active_since: Moment | None = None, limit: int | None = None, cursor: str | None = None
) -> Call[UserPage]:
    """Return a page of the users. `users` iterates over all of them."""
    return get("users", active_since=active_since, limit=limit, cursor=cursor)


def read_user(user_id: str) -> Call[User]:
    """Return a user."""
    return get("users/{}", user_id)


def create_user(user_id: str, *, idempotency_key: str | None = None, **fields: Unpack[UserFields]) -> Call[User]:
    """Create a user. Raises Conflict where there is one of this id already; events create their users by themselves."""
    return post("users", body={"user_id": user_id, **fields}, once=True, key=idempotency_key)


def put_user(user_id: str, **fields: Unpack[UserFields]) -> Call[User]:
    """Make the profile what the fields say, and empty where they say nothing; create a user who is missing."""
    return Call("PUT", "users/{}", [user_id], body=fields)


def change_user(user_id: str, **fields: Unpack[UserFields]) -> Call[User]:
    """Set these fields of a profile, and leave the others as they are."""
    return Call("PATCH", "users/{}", [user_id], body=fields)


def load_users(rows: Iterable[Mapping[str, Any]], *, idempotency_key: str | None = None) -> Call[Json]:
    """Create or change any number of users, as `load_items` does; each row has a `user_id` and fields."""
    return _load("users/bulk", rows, idempotency_key)


def send_event(
    user_id: str,
    type: str,  # noqa: A002 (the field's name)
    item_id: str | None = None,
    *,
    value: float | None = None,
    occurred_at: Moment | None = None,
    event_id: str | None = None,
    context: Json | None = None,
    review: Review | None = None,
) -> Call[Accepted]:
    """Store what a user did, nearly always with an item. Its id is made here, so that it may be sent again."""
    fields = given(item_id=item_id, value=value, occurred_at=occurred_at, context=context, review=review)
    return post("interactions", body=dated({"user_id": user_id, "type": type, "event_id": event_id, **fields}))


def send_events(events: Iterable[Event]) -> Call[EventResults]:
    """Store up to 1,000 events, each judged for itself: look at the `results`. An event buffer sends any number."""
    return post("interactions/bulk", body={"events": [dated(event) for event in events]})


def list_user_interactions(
    user_id: str,
    *,
    type: str | None = None,  # noqa: A002 (the parameter's name)
    since: Moment | None = None,
    until: Moment | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[EventPage]:
    """Return a page of what a user did, the newest first. `user_history` iterates over all of it."""
    return get("users/{}/interactions", user_id, type=type, since=since, until=until, limit=limit, cursor=cursor)


def list_item_interactions(
    item_id: str,
    *,
    type: str | None = None,  # noqa: A002 (the parameter's name)
    since: Moment | None = None,
    until: Moment | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Call[EventPage]:
    """Return a page of what happened to an item, the newest first. `item_history` iterates over all of it."""
    return get("items/{}/interactions", item_id, type=type, since=since, until=until, limit=limit, cursor=cursor)


def export(kind: str, since: Moment | None, cursor: str | None) -> Call[Any]:
    """Describe the stream of all rows of a kind."""
    return Call("GET", "export/" + kind, query={"since": since, "cursor": cursor}, accept=NDJSON)


def _load(path: str, rows: Iterable[Mapping[str, Any]], key: str | None) -> Call[Json]:
    return Call("POST", path, lines=Lines(rows), is_once=True, idempotency_key=key)
