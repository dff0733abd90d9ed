from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from recommender.models import DEFAULT, Exposure, Placement
from recommender.serving import placements
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import ReadOnlyAdmin
from recsite.platform.humanize import pluralize


@admin.register(Placement)
class PlacementAdmin(AuditedAdmin):
    """Set where lists are shown, and how. Lists follow a change within a second or two."""

    audited_as, audited_by = "placement", "name"
    list_display = ("name", "weight", "share", "new_for")
    sortable_by = ()
    actions = None
    fieldsets = (
        (None, {"fields": ("name", "content_weight")}),
        (
            "New items",
            {
                "fields": ("exploration_share", "new_for_days", "new_for_showings"),
                "description": "Items with too few events to be recommended by themselves get a share of the list, "
                "first those similar to what the user chose.",
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Placement | None = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Placement | None = None) -> bool:
        """Keep the default: requests that name no placement need it."""
        is_default = obj is not None and obj.name == DEFAULT
        return not is_default and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Placement, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        placements.changed()

    def delete_model(self, request: HttpRequest, obj: Placement) -> None:
        super().delete_model(request, obj)
        placements.changed()

    @display(description="content weight")
    def weight(self, placement: Placement) -> str:
        return "as learned" if placement.content_weight is None else f"{placement.content_weight:.0%}"

    @display(description="share for new items")
    def share(self, placement: Placement) -> str:
        return f"{placement.exploration_share:.0%}" if placement.exploration_share else "none"

    @display(description="an item is new")
    def new_for(self, placement: Placement) -> str:
        return (
            f"for {pluralize(placement.new_for_days, 'day')}, or {pluralize(placement.new_for_showings, 'impression')}"
        )


@admin.register(Exposure)
class ExposureAdmin(ReadOnlyAdmin):
    """Show the new items that lists tried, and how often."""

    empty = "No new item was shown yet. Each placement has a share for new items."
    list_display = ("item", "day", "shown_text")
    list_filter = ("day",)
    list_select_related = ("item",)
    search_fields = ("item__title", "item__item_id")
    sortable_by = ()
    fields = ("item", "day", "shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exposure]:
        return super().get_queryset(request).order_by("-day", "-shown", "pk")

    @display(description="shown")
    def shown_text(self, exposure: Exposure) -> str:
        return f"{exposure.shown:,}"
