from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display

from catalog import erasure, store
from catalog.admin.forms import FIELDS
from catalog.models import EndUser
from recsite.platform.console import ConsoleAdmin
from recsite.platform.humanize import ago, link


class ActiveFilter(admin.SimpleListFilter):
    """Offer ranges of one index, so that no filter counts or scans the table."""

    title = "last active"
    parameter_name = "active"
    DAYS = {"today": ("today", 1), "week": ("in the last 7 days", 7), "month": ("in the last 30 days", 30)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((key, words) for key, (words, _) in self.DAYS.items()), ("never", "never")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EndUser]) -> QuerySet[EndUser]:
        if self.value() == "never":
            return queryset.filter(last_active=None)
        _, days = self.DAYS.get(self.value() or "", ("", None))
        return queryset.filter(last_active__gte=timezone.now() - timedelta(days=days)) if days else queryset


class EndUserForm(forms.ModelForm):
    def clean_user_id(self) -> str:
        """Refuse the id of an erased user."""
        user_id: str = self.cleaned_data["user_id"]
        if erasure.erased_among([user_id]):
            raise ValidationError(erasure.SENTENCE, code=erasure.REASON)
        return user_id


@admin.register(EndUser)
class EndUserAdmin(ConsoleAdmin):
    """Show the users that lists are made for. An event adds its user."""

    empty = "Nobody is known yet: people come with their first event, or with an import."
    form = EndUserForm
    formfield_overrides = FIELDS
    goes_with_it = "everything they did, for good: their ids are refused from then on"
    list_display = ("user_id", "active", "joined", "about", "console")
    list_filter = (ActiveFilter,)
    list_disable_select_all = True
    search_fields = ("user_id",)
    search_help_text = "The beginning of a person's id."
    ordering = (F("last_active").desc(nulls_last=True), "pk")
    sortable_by = ()
    readonly_fields = ("created_at", "last_active")
    actions_detail = ("open_console",)
    fieldsets = (
        (None, {"fields": ("user_id", "preferences", "demographics")}),
        ("Record", {"fields": (("created_at", "last_active"),)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: EndUser | None = None) -> tuple[str, ...]:
        """Keep the id: other systems refer to the user by it."""
        return ("user_id", *self.readonly_fields) if obj else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[EndUser], search_term: str
    ) -> tuple[QuerySet[EndUser], bool]:
        """Search by the beginning of the id, which an index finds at any size."""
        return queryset.filter(user_id__startswith=search_term.strip()), False

    def save_model(self, request: HttpRequest, obj: EndUser, form: Any, change: bool) -> None:
        store.save_user(obj)

    def delete_model(self, request: HttpRequest, obj: EndUser) -> None:
        store.erase_users(EndUser.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[EndUser]) -> None:
        store.erase_users(queryset)

    @display(description="last active")
    def active(self, person: EndUser) -> str:
        return ago(person.last_active)

    @display(description="since")
    def joined(self, person: EndUser) -> str:
        return ago(person.created_at)

    @display(description="about")
    def about(self, person: EndUser) -> str:
        return ", ".join(str(value) for value in person.demographics.values() if value) or "–"

    @display(description="recommendations")
    def console(self, person: EndUser) -> str:
        return link(reverse("person-page", args=[person.pk]), "See why")

    @action(description="History and recommendations", icon="auto_awesome")
    def open_console(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("person-page", object_id)
