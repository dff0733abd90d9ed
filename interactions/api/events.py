from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from interactions import producers, schema, types
from interactions.api.serializers import AcceptedOut, EventIn
from interactions.schema import Event, InvalidEvent
from recsite.platform.exceptions import Invalid
from recsite.platform.schema import problems

FIELDS = frozenset(EventIn().fields)
EVENT = {
    "user_id": "ada",
    "item_id": "emma",
    "type": "rating",
    "value": 5,
    "occurred_at": "2026-05-01T12:00:00Z",
    "event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11",
    "context": {"source": "web", "position": 3},
    "review": {"title": "Sparkling", "text": "I laughed on every page."},
}
LOGIN = {"user_id": "ada", "type": "login"}
PROFILE = {"user_id": "ada", "type": "profile_update", "context": {"preferences": {"categories": ["Poetry"]}}}
SMALLEST = {"user_id": "ada", "item_id": "emma", "type": "view"}
ACCEPTED = {"event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11", "status": "accepted"}


class EventIntake(APIView):
    @extend_schema(
        operation_id="send_event",
        tags=["Events"],
        summary="Send an event",
        description=(
            "Accepts what a person did, nearly always with an item. 202 means it is durable. A retry with the same "
            "event_id and occurred_at stays one event. Whether the item exists is settled when the event is stored. A "
            "`profile_update` puts what its context has in `preferences` and `demographics` into the person's own."
        ),
        request=EventIn,
        responses={202: AcceptedOut, **problems(400, 413, 415, 422)},
        examples=[
            OpenApiExample("A rating", EVENT, request_only=True),
            OpenApiExample("A view, now", SMALLEST, request_only=True),
            OpenApiExample("A login", LOGIN, request_only=True),
            OpenApiExample("A change of profile", PROFILE, request_only=True),
            OpenApiExample("Accepted", ACCEPTED, response_only=True, status_codes=[202]),
        ],
    )
    def post(self, request: Request) -> Response:
        event = _event(request.data)
        producers.produce([event], source="api")
        return Response({"event_id": str(event.event_id), "status": "accepted"}, status=202)


def _event(raw: Any) -> Event:
    """Raises Invalid, with a sentence for each field."""
    if not isinstance(raw, dict):
        raise Invalid({"body": "One JSON object is needed, with user_id, type and, nearly always, item_id."})
    unknown = {name: f"There is no such field. Known: {', '.join(sorted(FIELDS))}." for name in raw.keys() - FIELDS}
    try:
        event = schema.parse(raw, types.rules(), timezone.now(), settings.MAX_EVENT_CONTEXT_BYTES)
    except InvalidEvent as error:
        raise Invalid({**error.errors, **unknown}) from error
    if unknown:
        raise Invalid(unknown)
    return event
