from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from interactions import registry
from interactions.models import BehaviourWindow, ImportRun, InteractionType, OutboxMessage
from interactions.wire import readable
from recsite.platform.audit import Actor
from recsite.platform.console import ConsoleAdmin, ReadOnlyAdmin, structured
from recsite.platform.humanize import EMPTY, ago, duration, pluralize, structure, unbroken

NOUNS = {
    "events": ("event", "events"),
    "items": ("item", "items"),
    "people": ("user", "users"),
    "duplicates": ("duplicate", "duplicates"),
    "capped": ("count cut to ten", "counts cut to ten"),
}
"""The nouns of what an import counts, for one and for several; others are the same for both."""


@admin.register(InteractionType)
class InteractionTypeAdmin(ConsoleAdmin):
    """Set the weights of event types. Lists follow a change at once, models from the next training on."""

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
        """Refuse deletions: stored events refer to their type. The weight 0 takes it out."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def save_model(self, request: HttpRequest, obj: InteractionType, form: Any, change: bool) -> None:
        registry.save(obj, actor=Actor.staff(request))

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
            return EMPTY
        return f"{kind.scale_min:g} to {kind.scale_max:g}, liked from {kind.relevant_at:g}"


@admin.register(BehaviourWindow)
class BehaviourWindowAdmin(ReadOnlyAdmin):
    """Show counts of behaviour by half hours of UTC."""

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
        ("events", "late"),
        ("active_users", "sessions"),
        ("views", "carts"),
        ("purchases", "recommendation_clicks"),
        ("view_to_cart_text", "cart_to_purchase_text"),
    )

    @display(description="view to cart")
    def view_to_cart_text(self, window: BehaviourWindow) -> str:
        return EMPTY if window.view_to_cart is None else f"{window.view_to_cart:.1%}"

    @display(description="cart to purchase")
    def cart_to_purchase_text(self, window: BehaviourWindow) -> str:
        return EMPTY if window.cart_to_purchase is None else f"{window.cart_to_purchase:.1%}"


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Show accepted events that wait for Kafka, in the order in which they are sent."""

    empty = "Nothing waits: every accepted event is on Kafka, or stored."
    list_display = ("topic", "key", "waiting")
    ordering = ("pk",)
    sortable_by = ()
    fields = ("topic", "key", "event_text", "created_at", "request_id")

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
    """Show which files were imported, and how far."""

    empty = "No file was imported yet: manage.py import_data loads one."
    list_display = ("source_text", "format", "state", "rows", "took", "started")
    sortable_by = ()
    fields = (
        ("format", "state"),
        "source_text",
        "counts_text",
        "progress_text",
        ("started_at", "took"),
        "undated_at",
        "fingerprint",
    )

    @display(description="source")
    def source_text(self, run: ImportRun) -> str:
        return unbroken(run.source)

    @display(description="state", label={"done": "success", "unfinished": "warning"})
    def state(self, run: ImportRun) -> str:
        return "done" if run.finished_at else "unfinished"

    @display(description="rows")
    def rows(self, run: ImportRun) -> str:
        counts = (pluralize(count, *NOUNS.get(name, (name, name))) for name, count in _counted(run))
        return ", ".join(counts) or EMPTY

    @display(description="took")
    def took(self, run: ImportRun) -> str:
        return duration((run.finished_at - run.started_at).total_seconds() if run.finished_at else None)

    @display(description="started")
    def started(self, run: ImportRun) -> str:
        return ago(run.started_at)

    counts_text = structured("counts")
    progress_text = structured("progress")


def _counted(run: ImportRun) -> list[tuple[str, int]]:
    return [(name, count) for name, count in run.counts.items() if isinstance(count, int) and count]
