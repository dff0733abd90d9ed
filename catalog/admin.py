from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from catalog import store
from catalog.models import Category, EndUser, Item
from recsite.platform.console import ConsoleAdmin, ago


@admin.register(EndUser)
class EndUserAdmin(ConsoleAdmin):
    list_display = ("user_id", "active", "joined", "about", "console")
    search_fields = ("user_id",)
    search_help_text = "The person's id, or its beginning."
    ordering = ("-last_active",)
    sortable_by = ("active", "joined")
    readonly_fields = ("last_active",)
    actions_detail = ("open_console",)
    list_filter = ()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        return queryset.filter(user_id__startswith=search_term.strip()), False

    @display(description="last active", ordering="last_active")
    def active(self, person: EndUser) -> str:
        return ago(person.last_active)

    @display(description="since", ordering="created_at")
    def joined(self, person: EndUser) -> str:
        return ago(person.created_at)

    @display(description="about")
    def about(self, person: EndUser) -> str:
        return ", ".join(str(value) for value in person.demographics.values() if value) or "–"

    @display(description="recommendations")
    def console(self, person: EndUser) -> str:
        address = reverse("person-console", args=[person.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">See why</a>', address)

    @action(description="History and recommendations", icon="auto_awesome")
    def open_console(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("person-console", object_id)


@admin.register(Category)
class CategoryAdmin(ConsoleAdmin):
    list_display = ("name", "description")
    search_fields = ("name",)


class TypeFilter(admin.SimpleListFilter):
    """The item types in use, asked for once."""

    title = "type"
    parameter_name = "item_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        types = Item.objects.exclude(item_type="").order_by("item_type").values_list("item_type", flat=True)
        return [(name, name) for name in types.distinct()[:50]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(item_type=self.value()) if self.value() else queryset


class ItemForm(forms.ModelForm):
    class Meta:
        model = Item
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        starts, ends = data.get("available_from"), data.get("available_until")
        if starts and ends and starts >= ends:
            self.add_error("available_until", "It must lie after the time from which the item is available.")
        return data


@admin.register(Item)
class ItemAdmin(ConsoleAdmin):
    """Writes through `catalog.store`, so that every process sees the change at once."""

    form = ItemForm
    list_display = ("title", "creator_name", "categories_text", "item_type", "is_available", "published", "console")
    list_filter = ("is_available", TypeFilter)
    search_fields = ("title", "=item_id")
    search_help_text = "A part of the title, or the whole item id."
    ordering = ("title",)
    sortable_by = ("title", "published")
    readonly_fields = ("created_at", "updated_at")
    actions = ("hide", "show")
    actions_detail = ("open_console",)
    fieldsets = (
        (None, {"fields": ("item_id", "title", "description", ("item_type", "group"))}),
        ("Availability", {"fields": ("is_available", ("available_from", "available_until"), "published_at")}),
        ("What it is about", {"fields": ("categories", "tags", "features")}),
        ("Kept", {"fields": (("created_at", "updated_at"),)}),
    )

    def save_model(self, request: HttpRequest, obj: Item, form: Any, change: bool) -> None:
        store.save_item(obj)

    def delete_model(self, request: HttpRequest, obj: Item) -> None:
        store.delete_items(Item.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        store.delete_items(queryset)

    @display(description="creator")
    def creator_name(self, item: Item) -> str:
        return item.creator or "–"

    @display(description="categories")
    def categories_text(self, item: Item) -> str:
        return ", ".join(item.categories) or "–"

    @display(description="published", ordering="published_at")
    def published(self, item: Item) -> str:
        return ago(item.published_at)

    @display(description="neighbours")
    def console(self, item: Item) -> str:
        address = reverse("item-console", args=[item.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">Similar</a>', address)

    @action(description="Neighbours and statistics", icon="hub")
    def open_console(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("item-console", object_id)

    @admin.action(description="Hide from all lists", permissions=["change"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        count = store.set_available(queryset, available=False)
        messages.success(request, f"{count} items are hidden: no list shows them from now on.")

    @admin.action(description="Show in lists again", permissions=["change"])
    def show(self, request: HttpRequest, queryset: QuerySet[Item]) -> None:
        count = store.set_available(queryset, available=True)
        messages.success(request, f"{count} items may be recommended again.")
