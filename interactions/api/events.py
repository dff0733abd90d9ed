from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from interactions import producers, schema, types
from interactions.api.serializers import AcceptedOut, EventIn, EventsIn, EventsOut
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
MOST = 1_000
"""Events of one request."""

HALF = {
    "accepted": 1,
    "refused": 1,
    "results": [
        {"status": "accepted", "event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11"},
        {"status": "refused", "errors": {"type": "Unknown interaction type. Known: click, view."}},
    ],
}
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


class BulkIntake(APIView):
    @extend_schema(
        operation_id="send_events",
        tags=["Events"],
        summary="Send many events",
        description=(
            f"Up to {MOST} events, each judged for itself: one that is wrong keeps no other from being accepted. What "
            "is accepted is durable; with 503 nothing is claimed. Sending the same again changes nothing."
        ),
        request=EventsIn,
        responses={202: EventsOut, **problems(400, 413, 415, 422)},
        examples=[
            OpenApiExample("Two", {"events": [SMALLEST, {"user_id": "ada", "type": "sneeze"}]}, request_only=True),
            OpenApiExample("What became of them", HALF, response_only=True, status_codes=[202]),
        ],
    )
    def post(self, request: Request) -> Response:
        events, results = list[Event](), list[dict[str, Any]]()
        for raw in _several(request.data):
            try:
                event = _event(raw)
                events.append(event)
                results.append({"status": "accepted", "event_id": str(event.event_id)})
            except Invalid as wrong:
                results.append({"status": "refused", "errors": wrong.errors})
        producers.produce(events, source="api")
        told = {"accepted": len(events), "refused": len(results) - len(events), "results": results}
        return Response(told, status=202)


def _several(body: Any) -> list[Any]:
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise Invalid({"events": "A list of events is needed."})
    if len(events) > MOST:
        raise Invalid({"events": f"At most {MOST:,} events at once; these are {len(events):,}."})
    return events


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
