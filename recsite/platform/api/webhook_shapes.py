"""The shapes of webhooks in the API: bodies, answers and examples."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from rest_framework import serializers

from recsite.platform.models import WebhookDelivery, WebhookEndpoint
from recsite.platform.paging import Page
from recsite.platform.request_fields import Field, Fields, ours
from recsite.platform.rotation import MOST_HOURS, USUAL_HOURS
from recsite.platform.schema import in_path
from recsite.platform.values import Choice, FreeText, Integer, Many, Text
from recsite.platform.webhooks.models import LONGEST_URL

EVENTS = tuple(settings.WEBHOOK_EVENTS)
URL = Field(Text(LONGEST_URL), "Where messages are sent to, by POST: https, and no address inside.", is_required=True)
CHOSEN = Field(Many(Choice(EVENTS), len(EVENTS), at_least=1), "What it is told of.", is_required=True)
DESCRIPTION = Field(FreeText(200), "Whose it is, or what it is for.")
STATE = Field(Choice(tuple(WebhookEndpoint.State.values)), "`paused` gets nothing, until it is `active` again.")
NEW: Fields = {"url": URL, "events": CHOSEN, "description": DESCRIPTION}
CHANGES: Fields = {
    "id": Field(Integer(1, 2**63 - 1), "As in the address."),
    "url": replace(URL, is_required=False),
    "events": replace(CHOSEN, is_required=False),
    "description": DESCRIPTION,
    "state": STATE,
    **ours("paused_because", "failing_since", "former_secret_ends_at", "created_at", "warning"),
}
ROTATION: Fields = {
    "overlap_hours": Field(
        Integer(0, MOST_HOURS), "How long messages are signed with the former secret as well.", default=USUAL_HOURS
    )
}
WEBHOOK: dict[str, Any] = {
    "id": 3,
    "url": "https://shop.example/hooks/recsite",
    "description": "The shop's mail",
    "events": ["model.promoted", "job.failed"],
    "state": "active",
    "paused_because": "",
    "failing_since": None,
    "former_secret_ends_at": None,
    "created_at": "2026-05-01T12:00:00+00:00",
}
CHANGED = WEBHOOK | {"warning": None}
WITH_SECRET = WEBHOOK | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazkr4d/A8Uk="}
MADE = WITH_SECRET | {"warning": None}
DELIVERY: dict[str, Any] = {
    "id": 17,
    "message_id": "msg_019de3a95c007c4e8a513f2b6c9d0e11",
    "event": "model.promoted",
    "state": "pending",
    "attempts": 1,
    "status": 503,
    "error": "It answered 503.",
    "response": "Come back later.",
    "duration_ms": 41,
    "next_try_at": "2026-05-01T12:00:10+00:00",
    "created_at": "2026-05-01T12:00:00+00:00",
    "log": [
        {
            "attempt": 1,
            "at": "2026-05-01T12:00:00+00:00",
            "status": 503,
            "error": "It answered 503.",
            "response": "Come back later.",
            "duration_ms": 41,
        }
    ],
    "body": '{"type":"model.promoted","timestamp":"2026-05-01T12:00:00+00:00","data":{"release":8}}',
}

WEBHOOK_ID = in_path("webhook_id", {"type": "integer", "minimum": 1}, "The webhook's id.", WEBHOOK["id"])
DELIVERY_ID = in_path("delivery_id", {"type": "integer", "minimum": 1}, "The delivery's id.", DELIVERY["id"])


class WebhookOut(serializers.Serializer):
    """Describe a webhook."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(WebhookEndpoint.State.choices)
    paused_because = serializers.CharField(help_text="Why it is paused: by hand, or since it stayed dead.")
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Nothing has arrived since then.")
    former_secret_ends_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class WebhookWithSecretOut(WebhookOut):
    secret = serializers.CharField(help_text="Messages are signed with it. It is shown this once.")


WARNING = "Why messages may not arrive: nobody knows its name now, say. Null where nothing speaks against it."


class WebhookChangedOut(WebhookOut):
    warning = serializers.CharField(allow_null=True, help_text=WARNING)


class WebhookMadeOut(WebhookWithSecretOut):
    warning = serializers.CharField(allow_null=True, help_text=WARNING)


class WebhookPageOut(Page):
    webhooks = WebhookOut(many=True)


class AttemptOut(serializers.Serializer):
    """Describe one attempt."""

    attempt = serializers.IntegerField()
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    response = serializers.CharField()
    duration_ms = serializers.IntegerField()


class DeliveryOut(serializers.Serializer):
    """Describe a message to one webhook, and how its delivery went."""

    id = serializers.IntegerField()
    message_id = serializers.CharField(help_text="The `webhook-id` of every attempt.")
    event = serializers.CharField()
    state = serializers.ChoiceField(WebhookDelivery.State.choices)
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="The status of the latest answer.")
    error = serializers.CharField(help_text="Why the latest attempt failed.")
    response = serializers.CharField(help_text="How the latest answer began.")
    duration_ms = serializers.IntegerField(allow_null=True)
    next_try_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    log = AttemptOut(many=True, help_text="The latest attempts.")
    body = serializers.CharField(help_text="The message, as it is sent and signed.")


class DeliveryPageOut(Page):
    deliveries = DeliveryOut(many=True)


class EventTypeOut(serializers.Serializer):
    """Describe an event."""

    name = serializers.CharField()
    description = serializers.CharField()
    schema = serializers.DictField(help_text="The JSON schema of `data`.")
    example = serializers.DictField(help_text="An example of `data`.")


class EventTypesOut(serializers.Serializer):
    events = EventTypeOut(many=True)


def webhook_json(endpoint: WebhookEndpoint, with_secret: bool = False) -> dict[str, Any]:
    """Return a webhook as JSON; its secret only where it was made just now."""
    told = {name: getattr(endpoint, name) for name in WEBHOOK if name != "id"}
    return {"id": endpoint.pk, **told, **({"secret": endpoint.secret} if with_secret else {})}


def looked_up_json(endpoint: WebhookEndpoint, with_secret: bool = False) -> dict[str, Any]:
    """Return a webhook whose address may have been looked up just now, with what that told."""
    return {**webhook_json(endpoint, with_secret), "warning": endpoint.warning or None}


def delivery_json(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery as JSON."""
    return {"id": delivery.pk, **{name: getattr(delivery, name) for name in DELIVERY if name != "id"}}


def event_types() -> list[dict[str, Any]]:
    """Return the registry as JSON."""
    return [
        {"name": name, "description": kind.description, "schema": kind.schema(), "example": dict(kind.example)}
        for name, kind in settings.WEBHOOK_EVENTS.items()
    ]
