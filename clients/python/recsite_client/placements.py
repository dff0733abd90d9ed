"""Describe requests that decide what lists show where. Keys need the scope `operate`."""

from __future__ import annotations

from collections.abc import Sequence

from recsite_client.answers import Json
from recsite_client.calls import Call, get, given, post

PLACEMENT = "placements/{}"


def list_placements() -> Call[Json]:
    """Return the placements, each with its live revision and its draft."""
    return get("placements")


def read_placement(name: str) -> Call[Json]:
    """Return a placement: what is live, the draft, and the history."""
    return get(PLACEMENT, name)


def create_placement(
    name: str, kind: str, *, description: str | None = None, idempotency_key: str | None = None
) -> Call[Json]:
    """Create a placement for lists of this kind. It is served at once, as usual."""
    body = given(name=name, kind=kind, description=description)
    return post("placements", body=body, once=True, key=idempotency_key)


def delete_placement(name: str) -> Call[None]:
    """Delete a placement with its history. Requests that name it are refused from then on."""
    return Call("DELETE", PLACEMENT, [name])


def put_placement_draft(name: str, settings: Json, *, version: int) -> Call[Json]:
    """Save a draft in the place of the one with this `draft_version`; raises Conflict where that is another by now."""
    return Call("PUT", "placements/{}/draft", [name], body={"settings": settings, "version": version})


def publish_placement(
    name: str, *, version: int, live: int | None = None, note: str | None = None, idempotency_key: str | None = None
) -> Call[Json]:
    """Publish the draft of this version, once; raises Conflict where somebody else was first."""
    body = given(version=version, live=live, note=note)
    return post("placements/{}/publish", name, body=body, once=True, key=idempotency_key)


def revert_placement(
    name: str, to: int, *, live: int | None = None, note: str | None = None, idempotency_key: str | None = None
) -> Call[Json]:
    """Publish the settings of an earlier revision again."""
    body = given(to=to, live=live, note=note)
    return post("placements/{}/revert", name, body=body, once=True, key=idempotency_key)


def preview_placement(
    name: str,
    *,
    settings: Json | None = None,
    user_id: str | None = None,
    items: Sequence[str] | None = None,
    limit: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Json]:
    """Return the list with these settings (default: the draft's) beside the live one. Nothing counts as shown."""
    body = given(settings=settings, user_id=user_id, items=None if items is None else list(items), limit=limit)
    return post("placements/{}/preview", name, body=body, once=True, key=idempotency_key)
