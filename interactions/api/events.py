from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema

from catalog.erasure import UserErased
from interactions import producers, schema, types
from interactions.api.event_schema import PROPERTIES
from interactions.api.serializers import AcceptedOut, EventIn, EventsIn, EventsOut
from interactions.identity import content_of, key_of
from interactions.marking import flags_of
from interactions.schema import Event, InvalidEvent, TypeRule
from interactions.store import OTHER_CONTENT, Stored
from recsite.platform.authentication import is_from_a_page
from recsite.platform.clients import client_address
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.json_view import JsonBodyView
from recsite.platform.schema import problems
from recsite.platform.values import unknown_names

FIELDS = frozenset(PROPERTIES)
# Of the demo's catalogue: what a reader tries there is stored, and no dead letter.
EMMA = "emma-jane-austen"
EVENT = {
    "user_id": "ada",
    "item_id": EMMA,
    "type": "rating",
    "value": 5,
    "occurred_at": "2026-05-01T12:00:00Z",
    "event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11",
    "context": {"source": "web", "position": 3},
    "review": {"title": "Sparkling", "text": "I laughed on every page."},
}
LOGIN = {"user_id": "ada", "type": "login"}
PROFILE = {"user_id": "ada", "type": "profile_update", "context": {"preferences": {"categories": ["Poetry"]}}}
SMALLEST = {"user_id": "ada", "item_id": EMMA, "type": "view"}
MOST = EventsIn.most
HALF = {
    "accepted": 1,
    "duplicates": 0,
    "refused": 1,
    "opted_out": 0,
    "results": [
        {"status": "accepted", "event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11"},
        {"status": "refused", "errors": {"type": "Unknown interaction type. Known: click, view."}},
    ],
}
ACCEPTED = {"event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11", "status": "accepted"}


class EventIntake(JsonBodyView):
    success = 202

    @extend_schema(
        operation_id="send_event",
        tags=["Events"],
        summary="Send an event",
        description=(
            "Accepts what a user did, nearly always with an item. 202 means it is durable. A retry with the same "
            "event_id and occurred_at stays one event: where it is stored already, it is a `duplicate`; with other "
            "content it is refused (409). Whether the item exists is settled when the event is stored. A "
            "`profile_update` puts what its context has in `preferences` and `demographics` into the user's own. An "
            "event of an erased user is refused (409, code `erased`); one of a user who opted out is kept nowhere "
            "(status `opted_out`)."
        ),
        request=EventIn,
        responses={202: AcceptedOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample("A rating", EVENT, request_only=True),
            OpenApiExample("A view, now", SMALLEST, request_only=True),
            OpenApiExample("A login", LOGIN, request_only=True),
            OpenApiExample("A change of profile", PROFILE, request_only=True),
            OpenApiExample("Accepted", ACCEPTED, response_only=True, status_codes=[202]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> dict[str, Any]:
        (raw,) = _flagged(request, [body])
        event = _event(raw, types.rules(), timezone.now())
        outcome = producers.produce([event], source="api")
        if outcome.erased:
            raise UserErased
        if errors := _errors(outcome):
            raise Conflict(errors[0])
        status = "opted_out" if outcome.dropped else "duplicate" if outcome.repeated else "accepted"
        return {"event_id": str(event.event_id), "status": status}


class BulkIntake(JsonBodyView):
    success = 202

    @extend_schema(
        operation_id="send_events",
        tags=["Events"],
        summary="Send many events",
        description=(
            f"Up to {MOST:,} events, each judged for itself: one that is wrong keeps no other from being accepted. "
            "What is accepted is durable; with 503 nothing is claimed. Sending the same again changes nothing. An "
            "event of an erased user has the status `erased`, one of a user who opted out `opted_out`: both are kept "
            "nowhere."
        ),
        request=EventsIn,
        responses={202: EventsOut, **problems(413, 415)},
        examples=[
            OpenApiExample("Two", {"events": [SMALLEST, {"user_id": "ada", "type": "sneeze"}]}, request_only=True),
            OpenApiExample("What became of them", HALF, response_only=True, status_codes=[202]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> dict[str, Any]:
        judged = _judged(_flagged(request, _several(body)))
        events = [one for one in judged if isinstance(one, Event)]
        outcome = producers.produce(events, source="api")
        results = list(_results(judged, outcome))
        counts = Counter(result["status"] for result in results)
        return {
            "accepted": counts["accepted"] + counts["duplicate"],
            "duplicates": counts["duplicate"],
            "refused": counts["refused"] + counts["erased"],
            "opted_out": counts["opted_out"],
            "results": results,
        }


def _flagged(request: HttpRequest, raws: list[Any]) -> list[Any]:
    """Return the events of a page with what the visitor's request says of them; those of a server as they are."""
    flags = (
        flags_of(request.META.get("HTTP_USER_AGENT", ""), client_address(request)) if is_from_a_page(request) else {}
    )
    return [_with(raw, flags) for raw in raws] if flags else raws


def _with(raw: Any, flags: dict[str, bool]) -> Any:
    context = raw.get("context") if isinstance(raw, dict) else None
    # What has another form is refused later, by its field.
    return {**raw, "context": {**(context or {}), **flags}} if isinstance(raw, dict) and _is_plain(context) else raw


def _is_plain(context: Any) -> bool:
    return context is None or isinstance(context, dict)


def _several(body: Any) -> list[Any]:
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise Invalid({"events": "A list of at least one event is needed."})
    if unknown := _unknown(body, ("events",)):
        raise Invalid(unknown)
    if len(events) > MOST:
        raise Invalid({"events": f"At most {MOST:,} events at once; these are {len(events):,}."})
    return events


def _judged(raws: Sequence[Any]) -> list[Event | dict[str, str]]:
    """Return the event of each, or what is wrong with it by field. An event_id is used once in a request."""
    judged = list[Event | dict[str, str]]()
    first: dict[UUID, Event] = {}
    rules, now = types.rules(), timezone.now()
    for raw in raws:
        try:
            event = _event(raw, rules, now)
        except Invalid as wrong:
            judged.append(wrong.errors)
            continue
        earlier = first.setdefault(event.event_id, event)
        is_other = earlier is not event and (
            key_of(earlier) != key_of(event) or content_of(earlier) != content_of(event)
        )
        judged.append({"event_id": OTHER_CONTENT} if is_other else event)
    return judged


def _results(judged: Sequence[Event | dict[str, str]], outcome: Stored) -> Iterator[dict[str, Any]]:
    """Say of each what became of it, in their order."""
    errors, repeated, position, seen = _errors(outcome), frozenset(outcome.repeated), 0, set[str]()
    dropped = frozenset(outcome.dropped)
    for one in judged:
        if not isinstance(one, Event):
            yield {"status": "refused", "errors": one}
            continue
        event_id = str(one.event_id)
        if wrong := errors.get(position):
            yield {"status": "erased" if position in outcome.erased else "refused", "errors": wrong}
        elif position in dropped:
            yield {"status": "opted_out", "event_id": event_id}
        else:
            status = "duplicate" if event_id in seen or position in repeated else "accepted"
            yield {"status": status, "event_id": event_id}
        seen.add(event_id)
        position += 1


def _errors(outcome: Stored) -> dict[int, dict[str, str]]:
    """Return what the sender has to change, by position; an unknown item is no error but a dead letter."""
    return {one.position: {one.field: one.reason} for one in outcome.refused if one.field}


def _event(raw: Any, rules: Mapping[str, TypeRule], now: datetime) -> Event:
    """Return the event. Raises Invalid, with a sentence for each field."""
    if not isinstance(raw, dict):
        raise Invalid({"body": "One JSON object is needed, with user_id, type and, nearly always, item_id."})
    unknown = {} if raw.keys() <= FIELDS else _unknown(raw, FIELDS)
    try:
        event = schema.parse(raw, rules, now, settings.MAX_EVENT_CONTEXT_BYTES)
    except InvalidEvent as error:
        raise Invalid({**error.errors, **unknown}) from error
    if unknown:
        raise Invalid(unknown)
    return event


def _unknown(raw: Collection[str], known: Collection[str]) -> Mapping[str, str]:
    sentence = f"There is no such field. Known: {', '.join(sorted(known))}."
    return unknown_names(set(raw) - set(known), lambda _: sentence)
