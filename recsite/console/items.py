"""Show the list of items with what lists achieve with each: the catalogue by itself knows nothing of lists."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.views import ChangeList

from catalog.admin.items import CategoryFilter, ItemAdmin, TypeFilter
from catalog.models import Item
from recommender.admin.cards import address_of
from recommender.insight.analytics import days_back
from recommender.models import ItemTotals
from recsite.platform.console import ConsoleChangeList
from recsite.platform.units import Unit, write

VIEW = "view"
NEW_FOR_DAYS = 14
SURE = 2.0
"""Standard deviations of chance from which on clicks rise or fall."""

VIEWS: dict[str, tuple[str, str, str]] = {
    "": ("All", "", ""),
    "never": ("Never shown", "No list ever showed these.", "-pk"),
    "new": ("New", f"Published or added in the last {NEW_FOR_DAYS} days.", "-totals__added_on"),
    "hidden": ("Hidden", "On no list, until somebody shows them again.", "-pk"),
    "rising": (
        "Rising",
        "More clicks in the last seven whole days than chance makes of those before.",
        "-totals__trend",
    ),
    "falling": (
        "Falling",
        "Fewer clicks in the last seven whole days than chance makes of those before.",
        "totals__trend",
    ),
}
"""By the value in the address: title, what it means, and its order."""


class ViewFilter(admin.SimpleListFilter):
    """Offer what a merchandiser looks for. Each is a range of one index, so that no view reads the whole table."""

    title = VIEW
    parameter_name = VIEW

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, words) for key, (words, _, _) in VIEWS.items() if key]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        match self.value():
            case "never":
                return queryset.filter(totals__isnull=False, totals__last_shown=None)
            case "new":
                return queryset.filter(totals__added_on__gt=days_back(1) - timedelta(days=NEW_FOR_DAYS))
            case "hidden":
                return queryset.filter(is_available=False)
            case "rising":
                return queryset.filter(totals__trend__gte=SURE)
            case "falling":
                return queryset.filter(totals__trend__lte=-SURE)
        return queryset


class ItemChangeList(ConsoleChangeList):
    """Order by what an index has: by totals from the side of the totals, and equals the same way round."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Item]) -> Any:
        """Return the order of the view where no column is chosen."""
        chosen = VIEWS.get(request.GET.get(VIEW, ""), VIEWS[""])[2]
        found = super().get_ordering(request, queryset)
        if chosen and ORDER_VAR not in self.params:
            found = [chosen]
        first = next(iter(found), "-pk")
        if str(first).lstrip("-") == "pk":
            return [first]
        return [first, "-pk" if str(first).startswith("-") else "pk"]

    def url_for_result(self, result: Item) -> str:
        return reverse("item-page", args=[result.pk])

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Item]:
        found: QuerySet[Item] = super().get_queryset(request, exclude_parameters)
        order = " ".join(map(str, found.query.order_by))
        if "click_rate" in order:
            return found.filter(totals__click_rate__isnull=False)
        return found.filter(totals__isnull=False) if "totals" in order else found


admin.site.unregister(Item)


@admin.register(Item)
class ListedItemAdmin(ItemAdmin):
    """Edit items as the catalogue does; list them with cover, status, and what seven days of lists achieved."""

    list_display: tuple[str, ...] = ("named", "status", "shown_text", "rate_text", "added", "categories_text")
    list_filter: tuple[Any, ...] = (ViewFilter, "is_available", CategoryFilter, TypeFilter)
    list_select_related = ("totals",)
    list_per_page = 25
    list_before_template = "admin/recommender/item/views.html"
    sortable_by: tuple[str, ...] = ("shown_text", "rate_text", "added")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ItemChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        chosen = request.GET.get(VIEW, "")
        views = [{"key": key, "title": title, "is_current": key == chosen} for key, (title, _, _) in VIEWS.items()]
        explained = VIEWS.get(chosen, VIEWS[""])[1]
        return super().changelist_view(request, {**(extra_context or {}), "views": views, "explained": explained})

    @display(description="item")
    def named(self, item: Item) -> str:
        return format_html(
            '<span class="rs-with-cover"><img src="{}" alt="" width="22" height="33" loading="lazy">'
            '<span>{}<span class="rs-cell-note">{}</span></span></span>',
            address_of(item.pk),
            item.title,
            ", ".join(filter(None, (item.creator, item.item_type))),
        )

    @display(description="status")
    def status(self, item: Item) -> str:
        if item.is_available:
            return format_html('<span class="rs-badge">{}</span>', "on lists")
        return format_html('<span class="rs-badge rs-badge-warn">{}</span>', "hidden")

    @display(description="shown, 7 days", ordering="totals__shown")
    def shown_text(self, item: Item) -> str:
        its = _totals(item)
        return write(its.shown if its else None, Unit.COUNT)

    @display(description="click-through", ordering="totals__click_rate")
    def rate_text(self, item: Item) -> str:
        its = _totals(item)
        if its is None or not its.shown:
            return write(None, Unit.SHARE)
        return "too few to say" if its.click_rate is None else write(its.click_rate, Unit.SHARE)

    @display(description="since", ordering="totals__added_on")
    def added(self, item: Item) -> str:
        return self.published(item) if item.published_at else f"{item.created_at:%Y-%m-%d}"


def _totals(item: Item) -> ItemTotals | None:
    """Return what was added up of an item; None where it came after the last time."""
    found: ItemTotals | None = getattr(item, "totals", None)
    return found
