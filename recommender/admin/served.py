"""What was shown, and what it achieved."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline
from unfold.decorators import display

from catalog import snapshot
from catalog.models import Item
from recommender.cache import SOURCES
from recommender.insight import analytics
from recommender.models import Attribution, DailyImpressions, ListImpression, ListKind, PositionImpressions
from recsite.platform.console import ReadOnlyAdmin, ReadOnlyInline
from recsite.platform.humanize import NOTHING, ago, link

PERIODS = {1: "Today", 7: "7 days", 28: "28 days"}


@permission_required("recommender.view_dailyimpressions", raise_exception=True)
def figures(request: HttpRequest) -> HttpResponse:
    """Click-through, conversion, coverage and the curve over the places, for some days."""
    days = _chosen(request.GET.get("days"))
    kind = request.GET.get("kind", "")
    kind = kind if kind in ListKind.values else ListKind.PERSON.value
    catalogue = len(snapshot.current())
    context = {
        **admin.site.each_context(request),
        "title": "What lists achieve",
        "periods": PERIODS,
        "days": days,
        "kinds": ListKind.choices,
        "kind": kind,
        "window": settings.ATTRIBUTION_WINDOW_HOURS,
        "lines": [_in_words(line, catalogue) for line in analytics.list_totals(days)],
        "curves": _drawn(analytics.rank_curves(days, kind)),
    }
    return TemplateResponse(request, "admin/recommender/figures.html", context)


def _chosen(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and int(text) in PERIODS else 7


def _in_words(line: analytics.ListTotals, catalogue: int) -> dict[str, Any]:
    """A line with its shares in percent; coverage is of so many items."""
    return {
        **asdict(line),
        "kind_label": line.kind_label,
        "click_percent": f"{line.click_rate:.1%}",
        "list_click_percent": f"{line.list_click_rate:.1%}",
        "conversion_percent": f"{line.conversion_rate:.1%}",
        "named_percent": f"{line.named_share:.0%}" if line.places_clicked else NOTHING,
        "coverage_percent": f"{line.items / catalogue:.1%}" if catalogue else NOTHING,
    }


def _drawn(curves: dict[str, list[analytics.RankTotals]]) -> list[dict[str, Any]]:
    """Each curve with the heights of its bars, in percent of the highest of all."""
    highest = max((point.click_rate for points in curves.values() for point in points), default=0.0)
    return [
        {
            "algorithm": algorithm,
            "shown": sum(point.shown for point in points),
            "bars": [(point, round(100 * point.click_rate / highest, 1) if highest else 0) for point in points],
        }
        for algorithm, points in curves.items()
    ]


class RankInline(ReadOnlyInline, TabularInline):
    """The places of a day's lists."""

    model = PositionImpressions
    verbose_name_plural = "places"
    hide_title = True
    fields = ("rank", "shown", "clicked", "converted")


@admin.register(DailyImpressions)
class ServedDayAdmin(ReadOnlyAdmin):
    """Day by day, what the page of figures adds up."""

    empty = "No list was shown yet, or none has been added up: beat does that every half minute."
    list_display = ("day", "kind", "placement", "algorithm", "version", "lists", "clicked", "converted", "items")
    list_filter = ("day", "kind", "algorithm")
    sortable_by = ()
    inlines = (RankInline,)
    fields = (
        ("day", "kind", "placement"),
        ("algorithm", "version", "variant"),
        ("lists", "lists_clicked", "lists_converted"),
        ("places", "places_clicked", "places_converted", "places_by_id"),
        "items",
        "most_shown",
    )

    @display(description="clicked")
    def clicked(self, day: DailyImpressions) -> str:
        return f"{day.places_clicked:,} of {day.places:,}"

    @display(description="converted")
    def converted(self, day: DailyImpressions) -> str:
        return f"{day.lists_converted:,}"

    @display(description="shown most")
    def most_shown(self, day: DailyImpressions) -> str:
        found = analytics.top_items(day)
        titles = dict(Item.objects.filter(pk__in=[one.item for one in found]).values_list("pk", "title"))
        rows = [
            (link(reverse("item-console", args=[one.item]), titles[one.item]), one.shown, one.clicked, one.converted)
            for one in found
            if one.item in titles
        ]
        lines = format_html_join("", "<li>{}: {} times, {} clicked, {} converted</li>", rows)
        return format_html("<ul>{}</ul>", lines) if rows else NOTHING


@admin.register(ListImpression)
class ServedListAdmin(ReadOnlyAdmin):
    """Lists as they were shown, the latest first."""

    empty = "No list was shown yet, or all are older than they are kept."
    list_display = ("when", "person", "kind", "placement", "algorithm", "version", "places")
    ordering = ("-id",)
    search_fields = ("user_id",)
    search_help_text = "The whole id of a person, or a recommendation_id."
    sortable_by = ()
    actions = None
    fields = (
        ("recommendation_id", "served_at"),
        ("person", "kind", "placement", "variant"),
        ("algorithm", "version", "release"),
        "shown",
    )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(recommendation_id=UUID(term)), False
        except ValueError:
            return queryset.filter(user_id=term), False

    @display(description="shown")
    def when(self, row: ListImpression) -> str:
        return ago(row.served_at)

    @display(description="person")
    def person(self, row: ListImpression) -> str:
        return row.user_id or NOTHING

    @display(description="places")
    def places(self, row: ListImpression) -> str:
        return f"{row.first_rank}–{row.first_rank + len(row.items) - 1}"

    @display(description="what was shown")
    def shown(self, row: ListImpression) -> str:
        titles = dict(Item.objects.filter(pk__in=row.items).values_list("pk", "title"))
        acts = {
            one.item_id: one
            for one in Attribution.objects.filter(
                recommendation_id=row.recommendation_id, served_at=row.served_at, item__in=row.items
            )
        }
        return format_html(
            "<ol>{}</ol>",
            format_html_join(
                "",
                '<li value="{}">{}, by {}{}</li>',
                (
                    (
                        row.first_rank + number,
                        link(reverse("item-console", args=[item]), titles[item]) if item in titles else "erased",
                        SOURCES[source] if source < len(SOURCES) else NOTHING,
                        _followed(acts.get(item)),
                    )
                    for number, (item, source) in enumerate(zip(row.items, row.sources, strict=True))
                ),
            ),
        )


def _followed(act: Attribution | None) -> str:
    if act is None:
        return ""
    how = "" if act.by_id else " (within the window)"
    return f": {'converted' if act.converted_at else 'clicked'}{how}"
