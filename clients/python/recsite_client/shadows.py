"""Describe requests that have a candidate make lists unseen. Keys need `operate` to change, and `read` to read."""

from __future__ import annotations

from recsite_client.answers import Json
from recsite_client.calls import Call, get, given, post


def list_shadows() -> Call[Json]:
    """Return the last shadows, the newest first, each with what it found."""
    return get("shadows")


def read_shadow(shadow_id: int) -> Call[Json]:
    """Return what a shadow found so far."""
    return get("shadows/{}", shadow_id)


def start_shadow(
    placement: str,
    *,
    release: int | None = None,
    model: int | None = None,
    revision: int | None = None,
    share: float | None = None,
    idempotency_key: str | None = None,
) -> Call[Json]:
    """Have a release, a model or a revision make a share of a placement's lists, unseen."""
    body = given(placement=placement, release=release, model=model, revision=revision, share=share)
    return post("shadows", body=body, once=True, key=idempotency_key)


def stop_shadow(shadow_id: int, *, idempotency_key: str | None = None) -> Call[Json]:
    """End a shadow for good; what it found stays."""
    return post("shadows/{}/stop", shadow_id, body={}, once=True, key=idempotency_key)
