from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.views import ChangeList

from recommender import merchandising
from recommender.admin import placement_pages, shadow_pages
from recommender.insight import analytics
from recommender.insight.item_totals import click_rate
from recommender.models import DEFAULT, Exposure, Placement
from recsite.platform.audit import Actor
from recsite.platform.charts import spark
from recsite.platform.console import ConsoleAdmin, ConsoleChangeList, ReadOnlyAdmin
from recsite.platform.exceptions import Conflict, UserFacingError
from recsite.platform.humanize import EMPTY, ago, pluralize
from recsite.platform.plane import dots
from recsite.platform.units import Unit, write

DAYS = 7
"""The latest days whose click-through stands in the list, today included."""


class DraftList(ConsoleChangeList):
    """Lead from each placement to its draft, and say what its lists achieved in the latest days."""

    result_list: Any

    def url_for_result(self, result: Placement) -> str:
        return reverse("admin:placement-draft", args=[result.pk])

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        totals, rows = analytics.placement_days(DAYS), list(self.result_list)
        for placement in rows:
            placement.week = totals.get(placement.name, ())
        self.result_list = rows


@admin.register(Placement)
class PlacementAdmin(ConsoleAdmin):
    """Set where lists are shown, and how: each placement has a draft, what is published, and a history."""

    list_display = ("named", "live_label", "rate_text", "draft_label")
    list_select_related = ("live",)
    list_before_template = "admin/recommender/placement/before_list.html"
    search_fields = ("name", "description")
    sortable_by = ()
    actions = None
    fields = ("name", "kind", "description")
    change_form_template = "admin/recommender/placement/change_form.html"
    goes_with_it = "its draft and its history; requests that name it are refused from then on"

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"placement-{name}")
            for name, view in {**placement_pages.PAGES, "shadow": shadow_pages.shadow}.items()
        ]
        return [*pages, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DraftList

    def get_readonly_fields(self, request: HttpRequest, obj: Placement | None = None) -> tuple[str, ...]:
        """Keep name and kind: clients ask for both."""
        return ("name", "kind") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Placement | None = None) -> bool:
        """Keep the default: requests that name no placement need it."""
        is_default = obj is not None and obj.name == DEFAULT
        return not is_default and super().has_delete_permission(request, obj)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Lead to what was published of it: its forms are no edits that Django could list."""
        return redirect("admin:placement-revisions", self.get_or_404(request, object_id).pk)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except UserFacingError as error:
            # Somebody else made or deleted the placement while the form was sent.
            messages.error(request, str(error))
            return redirect("admin:recommender_placement_changelist")

    def save_model(self, request: HttpRequest, obj: Placement, form: ModelForm, change: bool) -> None:
        actor = Actor.staff(request)
        if change:
            merchandising.describe(obj, obj.description, actor=actor)
            return
        obj.pk = merchandising.create(obj.name, obj.kind, obj.description, actor=actor).pk

    def response_add(self, request: HttpRequest, obj: Placement, post_url_continue: str | None = None) -> HttpResponse:
        """Go on with the draft of the new placement."""
        messages.success(request, f"{obj.name} is served from now on, as usual. Draft what it is to show.")
        return redirect("admin:placement-draft", obj.pk)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say which experiment needs it, instead of asking whether it is to be deleted."""
        found = self.get_object(request, object_id)
        if found and self.has_delete_permission(request, found) and (needed := merchandising.needed_by(found)):
            messages.error(request, needed)
            return redirect("admin:placement-draft", found.pk)
        try:
            return super().delete_view(request, object_id, extra_context)
        except Conflict as error:
            # Somebody else started an experiment or deleted the placement while the form was sent.
            messages.error(request, " ".join(error.errors.values()))
            return redirect("admin:recommender_placement_changelist")

    def delete_model(self, request: HttpRequest, obj: Placement) -> None:
        merchandising.delete(obj, actor=Actor.staff(request))

    @display(description="placement")
    def named(self, placement: Placement) -> str:
        about = f"{placement.get_kind_display()}. {placement.description}".strip()
        return format_html('{}<span class="rs-cell-note">{}</span>', placement.name, about)

    @display(description="live")
    def live_label(self, placement: Placement) -> str:
        live = placement.live
        if live is None:
            return "as usual"
        by = f" by {live.published_by}" if live.published_by else ""
        return format_html('{}<span class="rs-cell-note">{}{}</span>', str(live), ago(live.published_at), by)

    @display(description="click-through")
    def rate_text(self, placement: Placement) -> str:
        """Say the click-through with its course, or why none can be said."""
        week = getattr(placement, "week", ())
        shown, clicked = sum(one.shown for one in week), sum(one.clicked for one in week)
        rate = click_rate(shown, clicked)
        if rate is None:
            return f"shown {pluralize(shown, 'time')}: too few to say" if shown else "not shown"
        runs = spark([one.click_rate for one in week])
        drawn = render_to_string("admin/parts/spark.html", {"runs": runs, "dots": dots(runs)})
        return format_html('<span class="rs-with-spark">{}{}</span>', write(rate, Unit.SHARE), drawn)

    @display(description="draft")
    def draft_label(self, placement: Placement) -> str:
        if placement.draft is None:
            return EMPTY
        return format_html(
            '<span class="rs-badge rs-badge-warn">waits</span><span class="rs-cell-note">by {}, {}</span>',
            placement.draft_saved_by or "somebody",
            ago(placement.draft_saved_at),
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
