"""Describe a type of webhook event. The registry, WEBHOOK_EVENTS, is composed in `recsite.webhook_events`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

TEST = "webhook.test"
"""The type of what *Send a test* sends; no endpoint chooses it."""


@dataclass(frozen=True)
class EventType:
    """Say when an event is sent, and what its `data` holds."""

    description: str
    data: Mapping[str, Any]
    """The JSON schema of each field. All are always there."""
    example: Mapping[str, Any]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of `data`."""
        return {"type": "object", "properties": dict(self.data), "required": list(self.data)}


TEST_TYPE = EventType(
    "Sent by hand, to try an endpoint.",
    {"endpoint": {"type": "integer"}, "message": {"type": "string"}},
    {"endpoint": 3, "message": "This is a test."},
)


def known() -> Mapping[str, EventType]:
    """Return the types that an endpoint can choose, by name."""
    found: Mapping[str, EventType] = settings.WEBHOOK_EVENTS
    return found
