"""What all pages of the admin share."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.options import ShowFacets
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.timesince import timesince
from unfold.admin import ModelAdmin
from unfold.views import ChangeList


class ConsoleChangeList(ChangeList):
    """A list that doesn't say beside its title how many rows there are without the filters: it never counts them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class ConsoleAdmin(ModelAdmin):
    """A page that stays fast at millions of rows."""

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_fullwidth = True
    list_filter_sheet = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConsoleChangeList

    def get_deleted_objects(
        self, objs: QuerySet | Sequence[Model], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """A summary: Django would load every event of a person, only to list it before the deletion."""
        shown = [str(obj) for obj in objs[:50]]
        if len(objs) > len(shown):
            shown.append(f"and {len(objs) - len(shown)} more")
        return shown, {str(self.opts.verbose_name_plural): len(objs)}, set(), []


class ReadOnlyAdmin(ConsoleAdmin):
    """Rows that the product writes and staff read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def ago(when: datetime | None) -> str:
    """A time in words, with the exact one on hover; a dash where there is none."""
    if when is None:
        return "–"
    return format_html(
        '<span title="{}">{} ago</span>', when.strftime("%Y-%m-%d %H:%M:%S UTC"), timesince(when, depth=1)
    )


def leave_dialog(request: HttpRequest, name: str, *args: Any) -> HttpResponse:
    """To another page after a dialog: htmx follows its own header, a plain form the redirect."""
    response = redirect(name, *args)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": response["Location"]})
    return response
