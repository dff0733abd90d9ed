"""Describe requests for search, interaction types and statistics."""

from __future__ import annotations

from typing import Any

from recsite_client.answers import Json, Moment
from recsite_client.calls import Call, get, post


def search_items(
    q: str,
    *,
    category: str | None = None,
    tag: str | None = None,
    item_type: str | None = None,
    available: bool | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> Call[Json]:
    """Return a page of the items that a text finds, best first, with facets. `search` iterates over all of them."""
    filters = {"category": category, "tag": tag, "item_type": item_type, "available": available}
    return get("items/search", q=q, limit=limit, offset=offset, **filters)


def list_interaction_types() -> Call[Json]:
    """Return what users can do, and what it says about their taste."""
    return get("interaction-types")


def read_interaction_type(name: str) -> Call[Json]:
    """Return one thing that users can do."""
    return get("interaction-types/{}", name)


def create_interaction_type(name: str, *, idempotency_key: str | None = None, **fields: Any) -> Call[Json]:
    """Add an interaction type."""
    return post("interaction-types", body={"name": name, **fields}, once=True, key=idempotency_key)


def put_interaction_type(name: str, **fields: Any) -> Call[Json]:
    """Make an interaction type what the fields say."""
    return Call("PUT", "interaction-types/{}", [name], body=fields)


def delete_interaction_type(name: str) -> Call[None]:
    """Delete an interaction type that no event is of."""
    return Call("DELETE", "interaction-types/{}", [name])


def read_user_statistics(user_id: str, *, since: Moment | None = None, until: Moment | None = None) -> Call[Json]:
    """Return figures of what a user was shown and did."""
    return get("users/{}/statistics", user_id, **_period(since, until))


def read_item_statistics(item_id: str, *, since: Moment | None = None, until: Moment | None = None) -> Call[Json]:
    """Return figures of how an item was shown and what came of it."""
    return get("items/{}/statistics", item_id, **_period(since, until))


def read_placement_analytics(
    *, since: Moment | None = None, until: Moment | None = None, by: str | None = None
) -> Call[Json]:
    """Return what lists achieve, by placement; `by` is hour or day."""
    return get("analytics/placements", **_period(since, until, by))


def read_algorithm_analytics(
    *, since: Moment | None = None, until: Moment | None = None, by: str | None = None
) -> Call[Json]:
    """Return what lists achieve, by algorithm; `by` is hour or day."""
    return get("analytics/algorithms", **_period(since, until, by))


def read_system_analytics(
    *, since: Moment | None = None, until: Moment | None = None, by: str | None = None
) -> Call[Json]:
    """Return what all lists achieve together; `by` is hour or day."""
    return get("analytics/system", **_period(since, until, by))


def _period(since: Moment | None, until: Moment | None, by: str | None = None) -> dict[str, Any]:
    # "from" is a word of Python: the parameters are since and until here, as everywhere else.
    return {"from": since, "to": until, "by": by}
