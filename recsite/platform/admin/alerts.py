"""Forms by which staff choose who is told of which alerts, and silence some for a while."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
)

from recsite.platform import tasks
from recsite.platform.admin.forms import RuledForm
from recsite.platform.audit import Actor
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import ConsoleAdmin, dialog, leave_dialog
from recsite.platform.exceptions import Invalid
from recsite.platform.humanize import ago
from recsite.platform.telling import sending, silences
from recsite.platform.telling.models import EVERY_KIND, AlertSilence, AlertSubscription, name_of
from recsite.platform.thresholds import THRESHOLDS
from recsite.platform.webhooks import endpoints

KINDS = [(one.key, one.name) for one in THRESHOLDS.values()]
SILENT_FOR = {"1": "1 hour", "4": "4 hours", "24": "a day", "72": "three days", "168": "a week"}
"""Hours, as form fields have them."""


class SubscriptionForm(RuledForm):
    """Let staff name an address or a webhook, and tick kinds."""

    kinds = forms.MultipleChoiceField(
        choices=KINDS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None ticked: every kind there is and will be.",
    )
    pace = forms.ChoiceField(
        label="When",
        choices=AlertSubscription.Pace.choices,
        initial=AlertSubscription.Pace.AT_ONCE,
        widget=UnfoldAdminRadioSelectWidget,
    )

    def check_row(self) -> None:
        if self.instance.webhook_id and self.instance.pace != AlertSubscription.Pace.AT_ONCE:
            raise Invalid({"pace": "A webhook gets each message by itself, so it is told at once."})


@admin.register(AlertSubscription)
class AlertSubscriptionAdmin(AuditedAdmin):
    """Choose who is told of alerts. The page Alerts shows what was told."""

    audited_as, untold = "alert subscription", ("email",)
    empty = "Nobody is told of alerts yet: add an e-mail address or a webhook."
    form = SubscriptionForm
    fields = ("email", "webhook", "kinds", "pace", "is_on")
    list_display = ("who", "told", "pace", "state_label", "last_sent")
    list_select_related = ("webhook",)
    sortable_by = ()
    actions = None
    actions_detail = ("send_test",)
    goes_with_it = "what it was told and what waits for it"

    def has_send_test_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("platform.change_alertsubscription")

    @action(
        description="Send a test",
        icon="send",
        permissions=["send_test"],
        dialog=dialog("Send a test?", "One message goes there now.", "Send"),
    )
    def send_test(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        subscription = self.get_or_404(request, object_id)
        try:
            if subscription.email:
                sending.send_test(subscription)
                messages.success(request, f"A test was sent to {subscription.email}.")
            else:
                endpoints.send_test(subscription.webhook, actor=Actor.staff(request))
                tasks.deliver_soon(subscription.webhook_id)
                messages.info(request, "A test is in the queue: the deliveries of the webhook say how it went.")
        except sending.CannotTell as refusal:
            messages.error(request, str(refusal))
        return leave_dialog(request, "admin:platform_alertsubscription_change", object_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertSubscription]:
        return super().get_queryset(request).annotate(told_at=Max("messages__sent_at"))

    @display(description="who")
    def who(self, subscription: AlertSubscription) -> str:
        return str(subscription)

    @display(description="told of")
    def told(self, subscription: AlertSubscription) -> str:
        return ", ".join(map(name_of, subscription.kinds)) or EVERY_KIND.lower()

    @display(description="state", label={"on": "success", "off": "warning"})
    def state_label(self, subscription: AlertSubscription) -> str:
        return "on" if subscription.is_on else "off"

    @display(description="told last")
    def last_sent(self, subscription: AlertSubscription) -> str:
        told_at = getattr(subscription, "told_at", None)
        return ago(told_at) if told_at else "never"


class SilenceForm(RuledForm):
    """Let staff choose a kind and for how long."""

    kind = forms.ChoiceField(choices=[("", EVERY_KIND), *KINDS], required=False, widget=UnfoldAdminSelectWidget)
    hours = forms.ChoiceField(
        label="For", choices=list(SILENT_FOR.items()), initial="4", widget=UnfoldAdminRadioSelectWidget
    )

    def check_row(self) -> None:
        self.instance.until = timezone.now() + timedelta(hours=int(self.cleaned_data["hours"]))
        silences.check(self.instance)


@admin.register(AlertSilence)
class AlertSilenceAdmin(ConsoleAdmin):
    """Kinds of alerts of which nobody is told for a while. They end by themselves, or by a button."""

    empty = "Nothing is silenced: whoever wants to know of an alert is told."
    form = SilenceForm
    list_display = ("what", "ends", "made_by", "reason", "state_label")
    sortable_by = ()
    actions = None
    actions_detail = ("end",)

    def get_fields(self, request: HttpRequest, obj: AlertSilence | None = None) -> tuple[str, ...]:
        return ("what", "ends", "made_by", "made_at", "reason") if obj else ("kind", "hours", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: AlertSilence | None = None) -> tuple[str, ...]:
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: AlertSilence | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AlertSilence | None = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("platform.add_alertsilence")

    def save_model(self, request: HttpRequest, obj: AlertSilence, form: Any, change: bool) -> None:
        silences.begin(obj, actor=Actor.staff(request))

    def response_add(self, request: HttpRequest, obj: AlertSilence, post_url_continue: str | None = None) -> Any:
        messages.success(request, f"Silenced: {obj}. Pages go on showing it.")
        return HttpResponseRedirect(reverse("alerts-page"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to end only what is not over."""
        silence = self.get_object(request, object_id)
        goes_on = silence is not None and silence.until > timezone.now()
        return super().get_actions_detail(request, object_id) if goes_on else []

    @action(
        description="End it now",
        icon="notifications_active",
        permissions=["end"],
        dialog=dialog("End this silence?", "Whoever wants to know is told of what holds now, within a minute.", "End"),
    )
    def end(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        silences.end(self.get_or_404(request, object_id), actor=Actor.staff(request))
        return leave_dialog(request, "alerts-page")

    @display(description="silent")
    def what(self, silence: AlertSilence) -> str:
        return name_of(silence.kind)

    @display(description="until")
    def ends(self, silence: AlertSilence) -> str:
        return ago(silence.until)

    @display(description="state", label={"silent": "warning", "over": ""})
    def state_label(self, silence: AlertSilence) -> str:
        return "silent" if silence.until > timezone.now() else "over"
