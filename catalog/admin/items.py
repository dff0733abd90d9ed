from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from catalog import search, snapshot, store
from catalog.admin.forms import FIELDS, SuggestingLines
from catalog.models import Category, Item
from recsite.platform.audit import Actor
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import ConsoleAdmin
from recsite.platform.humanize import ago, link, pluralize
from recsite.platform.suggesting import Kind

CHOICES = 100
"""As many as a filter offers."""

FOUND = 500
"""As many items as a search of the list finds, the best."""


@admin.register(Category)
class CategoryAdmin(AuditedAdmin):
    """Describe the categories that items name. An item may name one without a description."""

    audited_as, audited_by = "category", "name"
    empty = "No category has a description yet."
    list_display = ("name", "description")
    search_fields = ("name",)

    def get_readonly_fields(self, request: HttpRequest, obj: Category | None = None) -> tuple[str, ...]:
        """Keep the name of a category: items refer to it by name."""
        return ("name",) if obj else ()


class TypeFilter(admin.SimpleListFilter):
    """Offer the types in use, from the snapshot of the catalogue in this process."""

    title = "type"
    parameter_name = "item_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in snapshot.current().type_names[:CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        return queryset.filter(item_type=self.value()) if self.value() else queryset


class CategoryFilter(admin.SimpleListFilter):
    """Offer the categories in use, from the same snapshot."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in snapshot.current().category_names[:CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        return queryset.filter(categories__contains=[self.value()]) if self.value() else queryset


@admin.register(Item)
class ItemAdmin(ConsoleAdmin):
    """Edit items through `catalog.store`, so that every process sees the change at once."""

    empty = "The catalogue is empty: add an item here, or import a file with manage.py import_data."
    formfield_overrides = FIELDS
    goes_with_it = "everything that happened to it"
    list_display: tuple[str, ...] = (
        "title",
        "is_available",
        "published",
        "categories_text",
        "creator_name",
        "type_text",
        "console",
    )
    left_out_when_equal = ("creator_name", "type_text")
    list_filter: tuple[Any, ...] = ("is_available", CategoryFilter, TypeFilter)
    search_fields = ("title", "=item_id")
    search_help_text = "Words of the title, the creator, categories or tags, or the whole item id."
    ordering = ("-pk",)
    sortable_by: tuple[str, ...] = ("title", "published")
    readonly_fields = ("created_at", "updated_at")
    actions = ("hide", "show")
    actions_detail = ("open_console",)
    fieldsets = (
        (None, {"fields": ("item_id", "title", "description", "item_type", "group")}),
        ("Availability", {"fields": ("is_available", "available_from", "available_until", "published_at")}),
        ("What it is about", {"fields": ("categories", "tags", "features")}),
        ("Record", {"fields": (("created_at", "updated_at"),)}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the categories in use: a name that is typed otherwise is another category."""
        if db_field.name == "categories":
            kwargs["widget"] = SuggestingLines(Kind.CATEGORY, "Add a category")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Item | None = None) -> tuple[str, ...]:
        """Keep the id: other systems refer to the item by it."""
        return ("item_id", *self.readonly_fields) if obj else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        """Search by the index that the API's search has, not through every title."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(Q(item_id=term) | Q(pk__in=search.find(term, FOUND).items)), False

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        store.save_item(obj, actor=Actor.staff(request))

    def delete_model(self, request: HttpRequest, obj: Item) -> None:
        store.delete_items(Item.objects.filter(pk=obj.pk), actor=Actor.staff(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        store.delete_items(_alone(queryset), actor=Actor.staff(request))

    @display(description="creator")
    def creator_name(self, item: Item) -> str:
        return item.creator or "–"

    @display(description="categories")
    def categories_text(self, item: Item) -> str:
        return ", ".join(item.categories) or "–"

    @display(description="item type")
    def type_text(self, item: Item) -> str:
        return format_html('<span class="rs-line">{}</span>', item.item_type)

    @display(description="published", ordering="published_at")
    def published(self, item: Item) -> str:
        return ago(item.published_at)

    @display(description="neighbours")
    def console(self, item: Item) -> str:
        return link(reverse("item-page", args=[item.pk]), "Similar")

    @action(description="Neighbours and events", icon="hub")
    def open_console(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("item-page", object_id)

    @admin.action(description="Hide from all lists", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        changed = self._set_available(request, queryset, available=False)
        messages.success(request, f"{pluralize(changed, 'item')} hidden from all lists from now on.")

    @admin.action(description="Show in lists again", permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        changed = self._set_available(request, queryset, available=True)
        messages.success(request, f"{pluralize(changed, 'item')} shown again: lists may hold them from now on.")

    @transaction.atomic
    def _set_available(self, request: HttpRequest, items: QuerySet[Item], available: bool) -> int:
        """Hide or show items, and return how many changed; only those get a line in their history."""
        items = _alone(items)
        changing = list(items.exclude(is_available=available).select_for_update().only("title"))
        changed = store.set_available(items, available, actor=Actor.staff(request))
        self.log_verb(request, changing, "Shown in lists again." if available else "Hidden from all lists.")
        return changed


def _alone(items: QuerySet[Item]) -> QuerySet[Item]:
    """Return the chosen items without what the list joins to them: rows of other tables can't be locked with them."""
    return Item.objects.filter(pk__in=list(items.order_by().values_list("pk", flat=True)))
