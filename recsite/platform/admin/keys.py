"""Pages of API keys."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from rest_framework_api_key.admin import APIKeyModelAdmin  # noqa: F401 - its import registers the library's page
from rest_framework_api_key.models import APIKey as LibrarysOwnKey
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from recsite.platform import issuing
from recsite.platform.access import DEFAULT_SCOPES, Scope
from recsite.platform.admin.forms import RuledForm, overlap_hours
from recsite.platform.audit import Actor
from recsite.platform.console import ConsoleAdmin, dialog, leave_dialog
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import ago
from recsite.platform.issuing import KeySettings
from recsite.platform.models import ApiKey
from recsite.platform.rotation import HOUR

MEANINGS = {
    Scope.READ: "read: get lists, look things up",
    Scope.WRITE: "write: send events, change items and users",
    Scope.OPERATE: "operate: train, promote, roll back, clear caches",
    Scope.ERASE: "erase: erase users and take back events, for good",
}

# The library registers a page for a table that nothing here uses.
admin.site.unregister(LibrarysOwnKey)


class ScopeFilter(admin.SimpleListFilter):
    title = "scope"
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(scope.value, scope.value) for scope in Scope]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        return queryset.filter(scopes__contains=[self.value()]) if self.value() else queryset


class KeyForm(RuledForm):
    """Let staff tick scopes and write one origin a line."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, meaning) for scope, meaning in MEANINGS.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=[scope.value for scope in DEFAULT_SCOPES],
    )
    origins = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=ApiKey._meta.get_field("origins").help_text,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["origins"] = "\n".join(self.instance.origins)

    def clean_scopes(self) -> list[str]:
        return issuing.sorted_scopes(self.cleaned_data["scopes"])

    def clean_origins(self) -> list[str]:
        return list(dict.fromkeys(self.cleaned_data["origins"].split()))

    def check_row(self) -> None:
        issuing.check(self.instance)


class Rotate(BaseDialogForm):
    overlap = overlap_hours("Hours for which the old key goes on working")


@admin.register(ApiKey)
class ApiKeyAdmin(ConsoleAdmin):
    """Keys are shown once, when they are made."""

    empty = "No client has a key yet."
    form = KeyForm
    list_display = ("name", "prefix", "may", "owner", "used", "expires", "state")
    list_filter = ("revoked", ScopeFilter, "is_browser")
    search_fields = ("name", "prefix", "owner")
    search_help_text = "A part of the name, the owner or the prefix."
    sortable_by = ()
    actions_detail = ("rotate",)
    change_form_before_template = "admin/platform/apikey/use.html"
    asked = ("name", "owner", "scopes", "rate_limit", "expiry_date")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """Offer what a kind of key has: origins belong to browser keys."""
        if obj is None:
            return (*self.asked, "is_browser", "origins")
        origins = ("origins",) if obj.is_browser else ()
        return (*self.asked, *origins, "revoked", "prefix", "made", "used")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the line that uses the key, whose text nothing has."""
        return super().render_change_form(
            request, context | {"call": example(request, "$RECSITE_KEY")}, *args, **kwargs
        )

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        shown = ("prefix", "made", "used")
        return (*self.get_fields(request, obj)[:-3], *shown) if obj and obj.revoked else shown

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        actor = Actor.staff(request)
        if change:
            if not form.initial.get("revoked"):
                issuing.change(obj, actor)
            return
        same = {name: getattr(obj, name) for name in ("is_browser", "origins", *self.asked)}
        made, text = issuing.create(KeySettings(**same), actor)
        # What follows here, such as the history of the row, speaks of the one that was stored.
        obj.__dict__.update(made.__dict__)
        _show(request, made, text)

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        issuing.delete([obj], Actor.staff(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        issuing.delete(queryset, Actor.staff(request))

    def has_rotate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perms(["platform.add_apikey", "platform.change_apikey"])

    @action(
        description="Rotate",
        icon="autorenew",
        permissions=["rotate"],
        dialog=dialog(
            "Make the successor of this key?", "It may do the same. The old one ends by itself.", "Rotate", Rotate
        ),
    )
    def rotate(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        key = self.get_or_404(request, object_id)
        try:
            successor, text = issuing.rotate(key, Actor.staff(request), form.cleaned_data["overlap"] * HOUR)
        except UserFacingError as refusal:
            messages.error(request, str(refusal))
            return leave_dialog(request, "admin:platform_apikey_change", object_id)
        self.log_verb(request, [key], f"Rotated: {successor.prefix} takes its place.")
        _show(request, successor, text)
        return leave_dialog(request, "admin:platform_apikey_change", successor.pk)

    @display(description="may")
    def may(self, key: ApiKey) -> str:
        return ", ".join(key.scopes) + (" (browser)" if key.is_browser else "")

    @display(description="made", ordering="created")
    def made(self, key: ApiKey) -> str:
        return ago(key.created)

    @display(description="last used")
    def used(self, key: ApiKey) -> str:
        return ago(key.last_used_at) if key.last_used_at else "never"

    @display(description="expires", ordering="expiry_date")
    def expires(self, key: ApiKey) -> str:
        return ago(key.expiry_date) if key.expiry_date else "never"

    @display(description="state", label={"valid": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        if key.revoked:
            return "revoked"
        return "expired" if key.expiry_date and key.expiry_date < timezone.now() else "valid"


def _show(request: HttpRequest, key: ApiKey, text: str) -> None:
    """Show the text of a new key with buttons that copy it, and a line that tries it; nothing has it afterwards."""
    call = "" if key.is_browser else example(request, text)
    shown = render_to_string("admin/platform/apikey/made.html", {"key": key, "text": text, "call": call})
    messages.warning(request, mark_safe(shown))


def example(request: HttpRequest, key: str) -> str:
    """Return a line for a terminal that asks for popular items."""
    return f'curl -H "Authorization: Api-Key {key}" "{request.build_absolute_uri("/api/v1/recommendations/popular")}"'
