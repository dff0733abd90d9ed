import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from interactions import types
from interactions.models import BehaviourWindow, DeadLetter, ImportRun, InteractionType, OutboxMessage
from interactions.replay import replay
from interactions.wire import readable
from recsite.platform.console import ConsoleAdmin, ReadOnlyAdmin, dialog, leave_dialog, structured
from recsite.platform.humanize import NOTHING, ago, span, structure
from recsite.platform.parsers import strict_json

LOOKED_AT = 1000


@admin.register(InteractionType)
class InteractionTypeAdmin(ConsoleAdmin):
    """What an event says. Lists follow a change at once, models from the next training on."""

    list_display = ("name", "weight_text", "says", "marks_seen", "scale")
    sortable_by = ()
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "weight", "is_negative", "marks_seen", "is_conversion", "needs_item")}),
        (
            "Scale",
            {
                "fields": ("scale_min", "scale_max", "relevant_at"),
                "description": "Only for ratings: all three, or none.",
            },
        ),
        (
            "Amounts",
            {
                "fields": (("amount_min", "amount_max"),),
                "description": "Bounds of the value of events without a scale, such as what was paid.",
            },
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Stored events name their type: give it the weight 0 instead."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(self, request: HttpRequest, obj: InteractionType, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        types.changed()

    @display(description="weight")
    def weight_text(self, kind: InteractionType) -> str:
        return f"{kind.weight:g}"

    @display(description="says", label={"for": "success", "against": "danger", "nothing": ""})
    def says(self, kind: InteractionType) -> str:
        if not kind.weight and not kind.rule.scale:
            return "nothing"
        return "against" if kind.is_negative else "for"

    @display(description="scale")
    def scale(self, kind: InteractionType) -> str:
        if kind.scale_min is None or kind.scale_max is None:
            return NOTHING
        return f"{kind.scale_min:g} to {kind.scale_max:g}, liked from {kind.relevant_at:g}"


class SourceFilter(admin.SimpleListFilter):
    """Where the latest letters came in."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = DeadLetter.objects.order_by("-received_at").values_list("source", flat=True)[:LOOKED_AT]
        return [(source, source) for source in sorted(set(latest))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> QuerySet[DeadLetter]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class PayloadField(forms.JSONField):
    """An event to be mended: what PostgreSQL can't store, and what is no object, is refused here."""

    empty_values = ("", None)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed is shown again as it was typed, whatever it is."""
        return InvalidJSONInput(data) if isinstance(data, str) else super().bound_data(data, initial)

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return super().to_python(value)
        try:
            found = strict_json(value.encode("utf-8", "surrogatepass"))
            if "\\u0000" in json.dumps(found):
                raise ValueError("A NUL character is not allowed")
        except (ValueError, RecursionError) as fault:
            raise forms.ValidationError(f"{str(fault).removesuffix('.') or 'This is nested too deeply'}.") from fault
        if not isinstance(found, dict):
            raise forms.ValidationError("An object is needed, with user_id, type and, nearly always, item_id.")
        return found


class DeadLetterForm(forms.ModelForm):
    class Meta:
        field_classes = {"payload": PayloadField}


@admin.register(DeadLetter)
class DeadLetterAdmin(ConsoleAdmin):
    """Events that were accepted and could not be stored: kept whole, with the reason, to be mended and replayed."""

    empty = "Every event that was accepted could be stored."
    form = DeadLetterForm
    list_display = ("received", "reason", "source", "topic", "attempts")
    actions = ("replay",)
    actions_detail = ("replay_one",)
    list_filter = (SourceFilter,)
    search_fields = ("reason",)
    search_help_text = "A part of the reason."
    ordering = ("-received_at",)
    sortable_by = ()
    fields = ("reason", "payload", ("source", "topic", "attempts"), "received_at")
    readonly_fields = ("reason", "source", "topic", "attempts", "received_at")

    def has_add_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: DeadLetter | None = None) -> list[Any]:
        """Who may not mend it reads it."""
        may_mend = self.has_change_permission(request, obj)
        return [name if name != "payload" or may_mend else "payload_text" for name in self.fields]

    def get_readonly_fields(self, request: HttpRequest, obj: DeadLetter | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "payload_text")

    payload_text = structured("payload")

    def has_replay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("interactions.change_deadletter")

    @admin.action(description="Replay the chosen letters", permissions=["replay"])
    def replay(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        said = replay(letters.order_by("received_at", "pk"))
        messages.add_message(request, messages.WARNING if said.still_dead else messages.SUCCESS, str(said))

    @action(
        description="Replay",
        icon="replay",
        permissions=["replay"],
        dialog=dialog(
            "Store this event now?",
            "It is stored as it stands here; where that can't be, the reason says why.",
            "Replay",
        ),
    )
    def replay_one(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        letter = self.get_or_404(request, object_id)
        said = replay([letter])
        messages.add_message(request, messages.WARNING if said.still_dead else messages.SUCCESS, str(said))
        if said.still_dead:
            return leave_dialog(request, "admin:interactions_deadletter_change", object_id)
        return leave_dialog(request, "admin:interactions_deadletter_changelist")

    @display(description="received")
    def received(self, letter: DeadLetter) -> str:
        return ago(letter.received_at)


@admin.register(BehaviourWindow)
class BehaviourWindowAdmin(ReadOnlyAdmin):
    """What people do, by half hours of UTC."""

    empty = "Nobody did anything since this began to be added up: beat does it every minute."
    list_display = (
        "start",
        "active_users",
        "sessions",
        "views",
        "carts",
        "purchases",
        "view_to_cart_text",
        "cart_to_purchase_text",
        "recommendation_clicks",
        "late",
    )
    sortable_by = ()
    fields = (
        ("start", "updated_at"),
        ("events", "active_users", "sessions"),
        ("views", "carts", "purchases", "recommendation_clicks", "late"),
        ("view_to_cart_text", "cart_to_purchase_text"),
    )

    @display(description="view to cart")
    def view_to_cart_text(self, window: BehaviourWindow) -> str:
        return NOTHING if window.view_to_cart is None else f"{window.view_to_cart:.1%}"

    @display(description="cart to purchase")
    def cart_to_purchase_text(self, window: BehaviourWindow) -> str:
        return NOTHING if window.cart_to_purchase is None else f"{window.cart_to_purchase:.1%}"


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Accepted events that wait for Kafka, in the order in which they go there."""

    empty = "Nothing waits: every accepted event is on Kafka, or stored."
    list_display = ("topic", "key", "waiting")
    ordering = ("pk",)
    sortable_by = ()
    fields = ("topic", "key", "event_text", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("value")

    @display(description="accepted")
    def waiting(self, message: OutboxMessage) -> str:
        return ago(message.created_at)

    @display(description="event")
    def event_text(self, message: OutboxMessage) -> str:
        return structure(readable(bytes(message.value)))


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Which files were loaded, and how far."""

    empty = "No file was imported yet: manage.py import_data loads one."
    list_display = ("source", "format", "state", "rows", "took", "started")
    sortable_by = ()
    fields = (
        ("format", "state"),
        "source",
        "counts_text",
        "progress_text",
        ("started_at", "took"),
        "undated_at",
        "fingerprint",
    )

    @display(description="state", label={"done": "success", "unfinished": "warning"})
    def state(self, run: ImportRun) -> str:
        return "done" if run.finished_at else "unfinished"

    @display(description="rows")
    def rows(self, run: ImportRun) -> str:
        counts = (f"{count:,} {name}" for name, count in run.counts.items() if isinstance(count, int) and count)
        return ", ".join(counts) or NOTHING

    @display(description="took")
    def took(self, run: ImportRun) -> str:
        return span((run.finished_at - run.started_at).total_seconds() if run.finished_at else None)

    @display(description="started")
    def started(self, run: ImportRun) -> str:
        return ago(run.started_at)

    counts_text = structured("counts")
    progress_text = structured("progress")
