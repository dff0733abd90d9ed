"""Make, change and try webhooks, and read what was sent to them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from recsite.platform import database, idempotency, tasks
from recsite.platform.api import webhook_shapes as shapes
from recsite.platform.authentication import actor
from recsite.platform.json_view import JsonBodyView, created, no_content
from recsite.platform.lean import LeanJsonView, json_response
from recsite.platform.models import WebhookDelivery, WebhookEndpoint
from recsite.platform.paging import PARAMETERS, page
from recsite.platform.query import Query
from recsite.platform.request_fields import NOTHING, as_addressed, described, read_fields
from recsite.platform.rotation import HOUR
from recsite.platform.schema import PAGING, parameter, problems
from recsite.platform.values import Choice
from recsite.platform.webhooks import endpoints
from recsite.platform.webhooks.endpoints import EndpointSettings

TAG = "Webhooks"
STATES = tuple(WebhookDelivery.State.values)
QUEUED = OpenApiResponse(shapes.DeliveryOut, "The message is in the queue.")


class WebhookList(JsonBodyView):
    @extend_schema(
        operation_id="list_webhooks",
        tags=[TAG],
        summary="List webhooks",
        description="The oldest first, a page at a time. Secrets are not told.",
        parameters=PAGING,
        responses={200: shapes.WebhookPageOut, **problems()},
        examples=[OpenApiExample("A page", {"webhooks": [shapes.WEBHOOK], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        rows, next_cursor = page(WebhookEndpoint.objects.all(), Query(request.GET, PARAMETERS))
        return {"webhooks": list(map(shapes.webhook_json, rows)), "next_cursor": next_cursor}

    @extend_schema(
        operation_id="create_webhook",
        tags=[TAG],
        summary="Create a webhook",
        description=(
            "Messages begin with the next event. The `secret` is shown in this answer alone. A host whose name leads "
            "inside is refused; of one that nobody knows now a `warning` tells."
        ),
        request=described(shapes.NEW),
        responses={201: shapes.WebhookMadeOut, **problems(409, 413, 415)},
        examples=[
            OpenApiExample(
                "A webhook",
                {name: shapes.WEBHOOK[name] for name in shapes.NEW},
                request_only=True,
            ),
            OpenApiExample("The webhook", shapes.MADE, response_only=True, status_codes=[201]),
        ],
    )
    def post(self, request: HttpRequest, body: Any) -> HttpResponse:
        asked = read_fields(shapes.NEW, body)
        idempotency.show_once(request)
        settings = EndpointSettings(asked["url"], asked["events"], asked["description"] or "")
        made = endpoints.create(settings, actor=actor(request))
        return created(shapes.looked_up_json(made, with_secret=True), f"/api/v1/webhooks/{made.pk}")


class WebhookDetail(JsonBodyView):
    @extend_schema(
        operation_id="read_webhook",
        tags=[TAG],
        summary="Read a webhook",
        description="Where it leads, what it is told of, and whether messages arrive.",
        parameters=[shapes.WEBHOOK_ID],
        responses={200: shapes.WebhookOut, **problems(404)},
        examples=[OpenApiExample("A webhook", shapes.WEBHOOK, status_codes=[200])],
    )
    def get(self, request: HttpRequest, webhook_id: int) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return shapes.webhook_json(_webhook(webhook_id))

    @extend_schema(
        operation_id="change_webhook",
        tags=[TAG],
        summary="Change a webhook",
        description=(
            "Changes the fields that are given. `state: active` ends a pause: what waits is sent at once. Events "
            "of the time of the pause are not told later."
        ),
        parameters=[shapes.WEBHOOK_ID],
        request=described(shapes.CHANGES),
        responses={200: shapes.WebhookChangedOut, **problems(404, 413, 415)},
        examples=[
            OpenApiExample("End the pause", {"state": "active"}, request_only=True),
            OpenApiExample("The webhook", shapes.CHANGED, response_only=True, status_codes=[200]),
        ],
    )
    def patch(self, request: HttpRequest, body: Any, webhook_id: int) -> dict[str, Any]:
        asked = read_fields(shapes.CHANGES, body)
        as_addressed("id", asked, webhook_id)
        endpoint = _webhook(webhook_id)
        for name, value in asked.items():
            if value is not None:
                setattr(endpoint, name, value)
        return shapes.looked_up_json(endpoints.change(endpoint, actor=actor(request)))

    @extend_schema(
        operation_id="delete_webhook",
        tags=[TAG],
        summary="Delete a webhook",
        description="What waits for it is not sent, and its log is deleted.",
        parameters=[shapes.WEBHOOK_ID],
        responses={204: OpenApiResponse(description="It is gone."), **problems(404)},
    )
    def delete(self, request: HttpRequest, webhook_id: int) -> HttpResponse:
        endpoints.delete([_webhook(webhook_id)], actor=actor(request))
        return no_content()


class RotateSecret(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="rotate_webhook_secret",
        tags=[TAG],
        summary="Rotate a webhook's secret",
        description="The new `secret` is shown in this answer alone. Until the overlap ends there are two signatures.",
        parameters=[shapes.WEBHOOK_ID],
        request=described(shapes.ROTATION),
        responses={200: shapes.WebhookWithSecretOut, **problems(404, 413, 415)},
        examples=[
            OpenApiExample("At once", {"overlap_hours": 0}, request_only=True),
            OpenApiExample("The webhook", shapes.WITH_SECRET, response_only=True, status_codes=[200]),
        ],
    )
    def post(self, request: HttpRequest, body: Any, webhook_id: int) -> dict[str, Any]:
        overlap = read_fields(shapes.ROTATION, body)["overlap_hours"] * HOUR
        idempotency.show_once(request)
        rotated = endpoints.rotate(_webhook(webhook_id), overlap=overlap, actor=actor(request))
        return shapes.webhook_json(rotated, with_secret=True)


class SendTest(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="test_webhook",
        tags=[TAG],
        summary="Send a test message",
        description="Sends a `webhook.test`, once, also where the webhook is paused. `Location` tells how it went.",
        parameters=[shapes.WEBHOOK_ID],
        request=described(NOTHING),
        responses={202: QUEUED, **problems(404, 413, 415)},
        examples=[OpenApiExample("The message", shapes.DELIVERY, response_only=True, status_codes=[202])],
    )
    def post(self, request: HttpRequest, body: Any, webhook_id: int) -> HttpResponse:
        read_fields(NOTHING, body)
        return _queued(endpoints.send_test(_webhook(webhook_id), actor=actor(request)))


class DeliveryList(LeanJsonView):
    @extend_schema(
        operation_id="list_webhook_deliveries",
        tags=[TAG],
        summary="List what was sent to a webhook",
        description="The newest first, a page at a time, kept for `WEBHOOK_RETENTION_DAYS`.",
        parameters=[
            shapes.WEBHOOK_ID,
            parameter("state", Choice(STATES).schema(), "Only deliveries in this state."),
            *PAGING,
        ],
        responses={200: shapes.DeliveryPageOut, **problems(404)},
        examples=[OpenApiExample("A page", {"deliveries": [shapes.DELIVERY], "next_cursor": None}, status_codes=[200])],
    )
    def get(self, request: HttpRequest, webhook_id: int) -> dict[str, Any]:
        query = Query(request.GET, ("state", *PARAMETERS))
        found = _webhook(webhook_id).deliveries.all()
        if state := query.choice("state", STATES, ""):
            found = found.filter(state=state)
        rows, next_cursor = page(found, query, newest_first=True)
        return {"deliveries": list(map(shapes.delivery_json, rows)), "next_cursor": next_cursor}


class DeliveryDetail(LeanJsonView):
    @extend_schema(
        operation_id="read_webhook_delivery",
        tags=[TAG],
        summary="Read a delivery",
        description="The message, and how each attempt went.",
        parameters=[shapes.WEBHOOK_ID, shapes.DELIVERY_ID],
        responses={200: shapes.DeliveryOut, **problems(404)},
        examples=[OpenApiExample("A delivery", shapes.DELIVERY, status_codes=[200])],
    )
    def get(self, request: HttpRequest, webhook_id: int, delivery_id: int) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return shapes.delivery_json(_delivery(webhook_id, delivery_id))


class Redeliver(JsonBodyView):
    body_is_optional = True

    @extend_schema(
        operation_id="redeliver_webhook",
        tags=[TAG],
        summary="Send a message again",
        description="It keeps its id, and is tried once. One that waits for its next attempt is refused (409).",
        parameters=[shapes.WEBHOOK_ID, shapes.DELIVERY_ID],
        request=described(NOTHING),
        responses={202: QUEUED, **problems(404, 409, 413, 415)},
        examples=[OpenApiExample("The message", shapes.DELIVERY, response_only=True, status_codes=[202])],
    )
    def post(self, request: HttpRequest, body: Any, webhook_id: int, delivery_id: int) -> HttpResponse:
        read_fields(NOTHING, body)
        return _queued(endpoints.redeliver(_delivery(webhook_id, delivery_id), actor=actor(request)))


class EventTypes(LeanJsonView):
    @extend_schema(
        operation_id="list_webhook_events",
        tags=[TAG],
        summary="List events",
        description="Everything that webhooks tell, with the JSON schema of its `data`.",
        responses={200: shapes.EventTypesOut, **problems()},
        examples=[OpenApiExample("Two events", {"events": shapes.event_types()[:2]}, status_codes=[200])],
    )
    def get(self, request: HttpRequest) -> dict[str, Any]:
        Query(request.GET, ()).check()
        return {"events": shapes.event_types()}


def _queued(delivery: WebhookDelivery) -> HttpResponse:
    tasks.deliver_soon(delivery.endpoint_id)
    address = f"/api/v1/webhooks/{delivery.endpoint_id}/deliveries/{delivery.pk}"
    return json_response(shapes.delivery_json(delivery), 202, location=address)


def _webhook(webhook_id: int) -> WebhookEndpoint:
    found = database.ask(lambda: WebhookEndpoint.objects.filter(pk=webhook_id).first())
    if found is None:
        raise Http404(f"There is no webhook {webhook_id}.")
    return found


def _delivery(webhook_id: int, delivery_id: int) -> WebhookDelivery:
    found = database.ask(lambda: WebhookDelivery.objects.filter(pk=delivery_id, endpoint=webhook_id).first())
    if found is None:
        raise Http404(f"Webhook {webhook_id} has no delivery {delivery_id}.")
    return found
