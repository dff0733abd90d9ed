from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from catalog import erasure, store
from catalog.admin.forms import FIELDS
from catalog.admin.privacy import PrivacyActions
from catalog.models import EndUser
from recsite.platform.audit import Actor
from recsite.platform.humanize import ago, link, pluralize

CONFIRMATION = "admin/catalog/enduser/erase.html"


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
class EndUserAdmin(PrivacyActions):
    """Show the users that lists are made for. An event adds its user."""

    empty = "Nobody is known yet: users come with their first event, or with an import."
    form = EndUserForm
    formfield_overrides = FIELDS
    list_display = ("user_id", "active", "joined", "about", "console")
    left_out_when_equal = ("about",)
    list_filter = (ActiveFilter,)
    list_disable_select_all = True
    search_fields = ("user_id",)
    search_help_text = "The beginning of a user's id."
    ordering = (F("last_active").desc(nulls_last=True), "pk")
    sortable_by = ()
    readonly_fields = ("created_at", "last_active", "opted_out_at")
    actions = ("erase_selected",)
    actions_detail = ("open_console", "opt_out", "opt_in", "merge", "open_erasure")
    delete_confirmation_template = CONFIRMATION
    fieldsets = (
        (None, {"fields": ("user_id", "preferences", "demographics")}),
        ("Record", {"fields": (("created_at", "last_active"), "opted_out_at")}),
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
        store.save_user(obj, actor=Actor.staff(request))

    def delete_model(self, request: HttpRequest, obj: EndUser) -> None:
        store.erase_users(EndUser.objects.filter(pk=obj.pk), actor=Actor.staff(request))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Leave out the button that says "delete": `open_erasure` stands for it."""
        kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), "show_delete": False}
        return super().change_view(request, object_id, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().delete_view(request, object_id, {**(extra_context or {}), "title": "Erase"})

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Say what happened without the id: messages may be kept in the browser, and the id is kept nowhere."""
        _say_erased(request, 1)
        return redirect("admin:catalog_enduser_changelist")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer `erase_selected` in place of Django's own deletion, which speaks of deleting."""
        return {name: found for name, found in super().get_actions(request).items() if name != "delete_selected"}

    @admin.action(description="Erase selected users", permissions=["delete"])
    def erase_selected(self, request: HttpRequest, people: QuerySet[EndUser]) -> HttpResponse | None:
        if request.POST.get("post"):
            self.log_deletions(request, people)
            _say_erased(request, store.erase_users(people, actor=Actor.staff(request)))
            return None
        lines, *_ = self.get_deleted_objects(people, request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Erase",
            "opts": self.opts,
            "media": self.media,
            "deleted_objects": lines,
            "queryset": people,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, CONFIRMATION, context)

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

    @action(description="Erase", icon="delete_forever", permissions=["delete"], variant=ActionVariant.DANGER)
    def open_erasure(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:catalog_enduser_delete", object_id)


def _say_erased(request: HttpRequest, erased: int) -> None:
    words = f"{pluralize(erased, 'user')} erased for good."
    messages.success(request, f"{words} {pluralize(erased, 'id')} refused until the erasure is lifted.")
