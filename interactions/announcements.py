"""Announce news: to ANNOUNCEMENT_SINKS, such as webhooks, and on a topic where there is Kafka.

An announcement is kept in the outbox, in the transaction of what it is about: what is rolled back is never announced,
and what is committed always is, once the relay and the brokers are there.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from interactions import kafka
from interactions.models import OutboxMessage
from interactions.schema import new_event_id

VERSION = 1


def announce(topic: str, kind: str, payload: Mapping[str, Any], *, is_news: bool = True) -> None:
    """Say on a topic that something of some kind ("model.promoted") has happened, with its payload.

    What goes on since the last announcement of it is no news, and comes to the topic alone.
    """
    if is_news:
        for path in settings.ANNOUNCEMENT_SINKS:
            import_string(path)(kind, payload)
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        return
    said = {
        "version": VERSION,
        "announcement_id": str(new_event_id()),
        "kind": kind,
        "at": timezone.now().isoformat(),
        **payload,
    }
    value = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    request_id = kafka.request_headers().get(kafka.REQUEST_ID, "")
    OutboxMessage.objects.create(topic=topic, key=kind, value=value, is_event=False, request_id=request_id)
