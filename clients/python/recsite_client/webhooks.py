"""Describe requests that keep webhooks. Keys need the scope `operate`."""

from __future__ import annotations

from collections.abc import Iterable

from recsite_client.answers import Json
from recsite_client.calls import Call, get, given, post

WEBHOOK = "webhooks/{}"


def list_webhooks(*, limit: int | None = None, cursor: str | None = None) -> Call[Json]:
    """Return a page of the webhooks."""
    return get("webhooks", limit=limit, cursor=cursor)


def list_webhook_events() -> Call[Json]:
    """Return everything that webhooks tell, with the JSON schema of each."""
    return get("webhooks/events")


def read_webhook(webhook_id: int) -> Call[Json]:
    """Return a webhook: where it leads, and whether messages arrive."""
    return get(WEBHOOK, webhook_id)


def create_webhook(
    url: str, events: Iterable[str], *, description: str | None = None, idempotency_key: str | None = None
) -> Call[Json]:
    """Create a webhook. Keep the `secret` of the answer, for `verify_webhook`: it is not shown again."""
    body = given(url=url, events=list(events), description=description)
    return post("webhooks", body=body, once=True, key=idempotency_key)


def change_webhook(
    webhook_id: int,
    *,
    url: str | None = None,
    events: Iterable[str] | None = None,
    description: str | None = None,
    state: str | None = None,
) -> Call[Json]:
    """Set these fields of a webhook; `state="active"` ends a pause."""
    wanted = None if events is None else list(events)
    body = given(url=url, events=wanted, description=description, state=state)
    return Call("PATCH", WEBHOOK, [webhook_id], body=body)


def delete_webhook(webhook_id: int) -> Call[None]:
    """Delete a webhook, and what waits for it."""
    return Call("DELETE", WEBHOOK, [webhook_id])


def rotate_webhook_secret(
    webhook_id: int, *, overlap_hours: int | None = None, idempotency_key: str | None = None
) -> Call[Json]:
    """Give a webhook a new `secret`; until the overlap ends messages are signed with both."""
    body = given(overlap_hours=overlap_hours)
    return post("webhooks/{}/rotate", webhook_id, body=body, once=True, key=idempotency_key)


def send_test(webhook_id: int, *, idempotency_key: str | None = None) -> Call[Json]:
    """Send a test message."""
    return post("webhooks/{}/test", webhook_id, once=True, key=idempotency_key)


def list_webhook_deliveries(
    webhook_id: int, *, state: str | None = None, limit: int | None = None, cursor: str | None = None
) -> Call[Json]:
    """Return a page of what was sent to a webhook, the newest first."""
    return get("webhooks/{}/deliveries", webhook_id, state=state, limit=limit, cursor=cursor)


def read_webhook_delivery(webhook_id: int, delivery_id: int) -> Call[Json]:
    """Return a message, and how each attempt went."""
    return get("webhooks/{}/deliveries/{}", webhook_id, delivery_id)


def redeliver_webhook(webhook_id: int, delivery_id: int, *, idempotency_key: str | None = None) -> Call[Json]:
    """Send a message again, once."""
    return post("webhooks/{}/deliveries/{}/redeliver", webhook_id, delivery_id, once=True, key=idempotency_key)
