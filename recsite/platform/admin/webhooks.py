"""Pages of webhooks and of what was sent to them."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from recsite.platform import tasks
from recsite.platform.admin.forms import RuledForm, overlap_hours
from recsite.platform.audit import Actor
from recsite.platform.console import ConsoleAdmin, ReadOnlyAdmin, dialog, leave_dialog
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import EMPTY, ago, link, structure
from recsite.platform.models import WebhookDelivery, WebhookEndpoint
from recsite.platform.rotation import HOUR
from recsite.platform.webhooks import endpoints, events
from recsite.platform.webhooks.endpoints import EndpointSettings

STATE_COLOURS = {"active": "success", "failing": "warning", "paused": "danger"}
DELIVERY_COLOURS = {"delivered": "success", "pending": "warning", "failed": "danger"}


class EndpointForm(RuledForm):
    """Let staff tick events; the rules are those of the API."""

    events = forms.MultipleChoiceField(widget=UnfoldAdminCheckboxSelectMultipleWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "events" in self.fields:
            # Long labels would not be broken on a phone, so what each means stands below.
            self.fields["events"].choices = [(name, name) for name in events.known()]  # type: ignore[attr-defined]  # of a choice field
            meanings = [f"{name}: {kind.description}" for name, kind in events.known().items()]
            self.fields["events"].help_text = format_html_join("", "<div>{}</div>", ((one,) for one in meanings))

    def check_row(self) -> None:
        endpoints.check(self.instance)


class Rotate(BaseDialogForm):
    overlap = overlap_hours("Hours for which messages are signed with the old secret as well")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ConsoleAdmin):
    """Addresses of other systems that are told what happens here."""

    empty = "No other system is told what happens here yet."
    form = EndpointForm
    list_display = ("name", "told", "state_label", "failing", "log")
    sortable_by = ()
    actions = None
    actions_detail = ("send_test", "rotate")
    goes_with_it = "what waits for it and the log of what was sent"

    def get_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> tuple[str, ...]:
        asked = ("url", "description", "events")
        return (*asked, "state", "paused_because", "failing", "former_ends", "log") if obj else asked

    def get_readonly_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> tuple[str, ...]:
        return ("paused_because", "failing", "former_ends", "log")

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        actor = Actor.staff(request)
        if change:
            _warn(request, endpoints.change(obj, actor=actor))
            return
        made = endpoints.create(EndpointSettings(obj.url, obj.events, obj.description), actor=actor)
        obj.__dict__.update(made.__dict__)
        _show(request, made)
        _warn(request, made)

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        endpoints.delete([obj], actor=Actor.staff(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        endpoints.delete(queryset, actor=Actor.staff(request))

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("platform.change_webhookendpoint")

    @action(
        description="Send a test",
        icon="send",
        permissions=["operate"],
        dialog=dialog("Send a test message?", "It is sent once, also where the webhook is paused.", "Send"),
    )
    def send_test(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        endpoint = self.get_or_404(request, object_id)
        delivery = endpoints.send_test(endpoint, actor=Actor.staff(request))
        tasks.deliver_soon(endpoint.pk)
        messages.info(request, "The test is in the queue: this page says how it went, once it is loaded again.")
        return leave_dialog(request, "admin:platform_webhookdelivery_change", delivery.pk)

    @action(
        description="Rotate the secret",
        icon="autorenew",
        permissions=["operate"],
        dialog=dialog("Make another secret?", "It is shown once. The old one ends by itself.", "Rotate", Rotate),
    )
    def rotate(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        endpoint = self.get_or_404(request, object_id)
        overlap = form.cleaned_data["overlap"] * HOUR
        _show(request, endpoints.rotate(endpoint, overlap=overlap, actor=Actor.staff(request)))
        self.log_verb(request, [endpoint], "The secret was rotated.")
        return leave_dialog(request, "admin:platform_webhookendpoint_change", object_id)

    @display(description="webhook")
    def name(self, endpoint: WebhookEndpoint) -> str:
        return str(endpoint)

    @display(description="told of")
    def told(self, endpoint: WebhookEndpoint) -> str:
        return ", ".join(endpoint.events)

    @display(description="state", label=STATE_COLOURS)
    def state_label(self, endpoint: WebhookEndpoint) -> str:
        is_failing = endpoint.state == WebhookEndpoint.State.ACTIVE and endpoint.failing_since
        return "failing" if is_failing else str(endpoint.state)

    @display(description="nothing arrives since")
    def failing(self, endpoint: WebhookEndpoint) -> str:
        return ago(endpoint.failing_since) if endpoint.failing_since else EMPTY

    @display(description="the former secret ends")
    def former_ends(self, endpoint: WebhookEndpoint) -> str:
        return ago(endpoint.former_secret_ends_at) if endpoint.former_secret_ends_at else EMPTY

    @display(description="deliveries")
    def log(self, endpoint: WebhookEndpoint) -> str:
        address = reverse("admin:platform_webhookdelivery_changelist")
        return link(f"{address}?endpoint__id__exact={endpoint.pk}", "What was sent")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Messages to webhooks: what waits, and how the sending went."""

    empty = "Nothing was sent to a webhook yet."
    list_display = ("event", "endpoint", "state_label", "attempts", "said", "took", "next_try", "created")
    list_filter = ("state", "event", "endpoint")
    list_select_related = ("endpoint",)
    sortable_by = ()
    fields = (
        ("event", "endpoint"),
        ("state", "attempts"),
        ("said", "took"),
        ("created", "next_try"),
        "message_id",
        "response",
        "body_text",
        "log_text",
    )
    actions_detail = ("redeliver",)

    def has_redeliver_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("platform.change_webhookendpoint")

    @action(
        description="Send again",
        icon="replay",
        permissions=["redeliver"],
        dialog=dialog("Send this message again?", "It keeps its id: a receiver may leave out what it knows.", "Send"),
    )
    def redeliver(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        delivery = self.get_or_404(request, object_id)
        try:
            endpoints.redeliver(delivery, actor=Actor.staff(request))
            tasks.deliver_soon(delivery.endpoint_id)
        except UserFacingError:
            messages.info(request, "It still waits for its next attempt: there is nothing to repeat.")
        return leave_dialog(request, "admin:platform_webhookdelivery_change", object_id)

    @display(description="state", label=DELIVERY_COLOURS)
    def state_label(self, delivery: WebhookDelivery) -> str:
        return str(delivery.state)

    @display(description="answer")
    def said(self, delivery: WebhookDelivery) -> str:
        return delivery.error or (str(delivery.status) if delivery.status else EMPTY)

    @display(description="took")
    def took(self, delivery: WebhookDelivery) -> str:
        return EMPTY if delivery.duration_ms is None else f"{delivery.duration_ms:,} ms"

    @display(description="next try")
    def next_try(self, delivery: WebhookDelivery) -> str:
        return ago(delivery.next_try_at) if delivery.next_try_at else EMPTY

    @display(description="made")
    def created(self, delivery: WebhookDelivery) -> str:
        return ago(delivery.created_at)

    @display(description="message")
    def body_text(self, delivery: WebhookDelivery) -> str:
        return structure(json.loads(delivery.body))

    @display(description="attempts")
    def log_text(self, delivery: WebhookDelivery) -> str:
        return structure(delivery.log)


def _show(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    said = f"The secret of {endpoint} is: {endpoint.secret}. Give it to the receiver now: it is not shown again."
    messages.warning(request, said)


def _warn(request: HttpRequest, endpoint: WebhookEndpoint) -> None:
    if endpoint.warning:
        messages.warning(request, endpoint.warning)
