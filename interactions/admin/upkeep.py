from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from interactions import types
from interactions.models import DeadLetter, ImportRun, InteractionType
from recsite.platform.console import ConsoleAdmin, ReadOnlyAdmin, structured
from recsite.platform.readable import NOTHING, ago, span

LOOKED_AT = 1000


@admin.register(InteractionType)
class InteractionTypeAdmin(ConsoleAdmin):
    """What an event says. Lists follow a change at once, models from the next training on."""

    list_display = ("name", "weight_text", "says", "marks_seen", "scale")
    sortable_by = ()
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "weight", "is_negative", "marks_seen")}),
        (
            "Scale",
            {
                "fields": ("scale_min", "scale_max", "relevant_at"),
                "description": "Only for ratings: all three, or none.",
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


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Events that were accepted and could not be stored: kept whole, with the reason."""

    empty = "Every event that was accepted could be stored."
    list_display = ("received", "reason", "source", "attempts")
    list_filter = (SourceFilter,)
    search_fields = ("reason",)
    search_help_text = "A part of the reason."
    ordering = ("-received_at",)
    sortable_by = ()
    fields = ("reason", "payload_text", ("source", "attempts"), "received_at")

    @display(description="received")
    def received(self, letter: DeadLetter) -> str:
        return ago(letter.received_at)

    payload_text = structured("payload")


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
