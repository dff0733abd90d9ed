"""Put events into the outbox of webhooks, in the transaction of what they tell."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import uuid_utils
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from recsite.platform.webhooks import events
from recsite.platform.webhooks.models import WebhookDelivery, WebhookEndpoint


def publish(event: str, data: Mapping[str, Any]) -> None:
    """Tell an event to every active endpoint that wants it: what is rolled back is never sent, the rest always is."""
    wanted = WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.ACTIVE, events__contains=[event])
    put(event, data, wanted.values_list("pk", flat=True))


def on_announced(kind: str, payload: Mapping[str, Any]) -> None:
    """Publish an announcement if it is an event of webhooks; one of ANNOUNCEMENT_SINKS."""
    if kind in events.known():
        publish(kind, payload)


def put(event: str, data: Mapping[str, Any], endpoints: Iterable[int], **more: Any) -> list[WebhookDelivery]:
    """Store one message for each of these endpoints; its id and its body are the same for all of them."""
    said = {"type": event, "timestamp": timezone.now().isoformat(), "data": dict(data)}
    message = {
        "message_id": f"msg_{uuid_utils.uuid7().hex}",
        "event": event,
        "body": json.dumps(said, separators=(",", ":"), cls=DjangoJSONEncoder),
    }
    rows = [WebhookDelivery(endpoint_id=pk, **message, **more) for pk in endpoints]
    return WebhookDelivery.objects.bulk_create(rows)
