from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from interactions import types
from interactions.models import DeadLetter, ImportRun, InteractionType
from recsite.platform.console import ConsoleAdmin, ReadOnlyAdmin, ago


@admin.register(InteractionType)
class InteractionTypeAdmin(ConsoleAdmin):
    """What an event says. Lists follow a change at once, models from the next training on."""

    list_display = ("name", "weight", "is_negative", "marks_seen", "scale")
    fieldsets = (
        (None, {"fields": ("name", "weight", "is_negative", "marks_seen")}),
        (
            "Scale",
            {
                "fields": (("scale_min", "scale_max", "relevant_at"),),
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

    @display(description="scale")
    def scale(self, kind: InteractionType) -> str:
        if kind.scale_min is None or kind.scale_max is None:
            return "–"
        return f"{kind.scale_min:g} to {kind.scale_max:g}, liked from {kind.relevant_at:g}"


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Events that were accepted and could not be stored: kept whole, with the reason."""

    list_display = ("received", "reason", "source", "attempts")
    list_filter = ("source",)
    search_fields = ("reason",)
    ordering = ("-received_at",)

    @display(description="received", ordering="received_at")
    def received(self, letter: DeadLetter) -> str:
        return ago(letter.received_at)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Which files were loaded, and how far."""

    list_display = ("source", "format", "state", "rows", "started")

    @display(description="state", label={"done": "success", "unfinished": "warning"})
    def state(self, run: ImportRun) -> str:
        return "done" if run.finished_at else "unfinished"

    @display(description="rows")
    def rows(self, run: ImportRun) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in run.counts.items() if isinstance(count, int)) or "–"

    @display(description="started", ordering="started_at")
    def started(self, run: ImportRun) -> str:
        return ago(run.started_at)
