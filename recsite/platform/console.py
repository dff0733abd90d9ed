"""The classes that all pages of the admin share."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.utils import lookup_field
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from recsite.platform.humanize import structure

COUNTED = 10_000
"""No list counts or pages further; who looks for more has a search and filters."""

LISTED = 50

FEWEST = 5
"""Rows from which on a column may be left out."""


class CappedPaginator(Paginator):
    """Count no further than COUNTED rows: a list of millions opens as quickly as a short one."""

    template_name = "admin/capped_pages.html"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[:COUNTED].count()

    @property
    def is_capped(self) -> bool:
        return self.count >= COUNTED


class ConsoleChangeList(ChangeList):
    """A list that doesn't say beside its title how many rows there are without the filters: it never counts them."""

    def __init__(self, request: HttpRequest, model: type[Model], *args: Any, **kwargs: Any) -> None:
        super().__init__(request, model, *args, **kwargs)
        # Those of the page, which may have another name for the model.
        self.opts = self.model_admin.opts

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count
        self.list_display = telling_columns(self)


def telling_columns(listed: ChangeList) -> list[Any]:
    """Return the columns of a list, without those that may be left out and in which every row says the same."""
    page, rows = listed.model_admin, list(listed.result_list)
    if len(rows) < FEWEST:
        return list(listed.list_display)

    def tells(name: Any) -> bool:
        return len({str(lookup_field(name, row, page)[2]) for row in rows}) > 1

    return [name for name in listed.list_display if name not in page.left_out_when_equal or tells(name)]


class ConsoleAdmin(ModelAdmin):
    """A page that stays fast at millions of rows."""

    empty = "There is nothing here yet."
    """What an empty list says."""

    goes_with_it = ""
    """What else a deletion erases, in words: "everything they did"."""

    left_out_when_equal: tuple[str, ...] = ()
    """Columns that a page of the list leaves out where all its rows say the same; they stand behind sortable ones."""

    paginator: type[Paginator] = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 25
    list_max_show_all = 0
    list_fullwidth = True
    list_filter_sheet = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConsoleChangeList

    def get_or_404(self, request: HttpRequest, object_id: str | None) -> Any:
        """Return the row of an address; raise Http404 where there is none."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        return obj

    def log_verb(self, request: HttpRequest, rows: Iterable[Model], words: str) -> None:
        """Note in the history of each row that a verb of the list was used on it: Django notes edits and deletions."""
        LogEntry.objects.log_actions(str(request.user.pk), rows, CHANGE, change_message=words)

    def get_deleted_objects(
        self, objs: QuerySet | Sequence[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Return a summary: Django would load every event of a user, only to list it before the deletion."""
        number = objs.count() if isinstance(objs, QuerySet) else len(objs)
        lines = [str(obj) for obj in objs[:LISTED]]
        if number > LISTED:
            lines.append(f"and {number - LISTED:,} more")
        if self.goes_with_it:
            lines.append(f"with {self.goes_with_it}")
        return lines, {str(self.opts.verbose_name_plural): number}, set(), []


class ReadOnlyAdmin(ConsoleAdmin):
    """Rows that the product writes and staff read."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Leave out the history of edits: there are none."""
        return super().render_change_form(request, context | {"show_history": False}, *args, **kwargs)


class ReadOnlyInline:
    """A mixin for inlines with rows to read. Who may see the page may see them."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def structured(field: str) -> Callable[[Any, Model], str]:
    """Return a column for a JSON field, to read: `metrics_text = structured("metrics")`."""

    @display(description=field.replace("_", " "))
    def show(self: ModelAdmin, obj: Model) -> str:  # noqa: ARG001 - a method of the admin
        return structure(getattr(obj, field))

    return show


def leave_dialog(request: HttpRequest, name: str, *args: Any) -> HttpResponse:
    """Go to another page after a dialog: htmx follows its own header, a plain form the redirect."""
    response = redirect(name, *args)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": response["Location"]})
    return response


def dialog(title: str, description: str, button: str, form: Any = None) -> dict[str, Any]:
    """Return the settings of a dialog before an action; the answer is a POST."""
    return {"title": title, "description": description, "form_class": form, "form_submit_text": button}
