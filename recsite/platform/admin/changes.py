"""The page that says what anybody changed, by whichever door."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from recsite.platform import undo
from recsite.platform.admin.change_filters import DayFilter, DoorFilter, KindFilter, PersonFilter
from recsite.platform.audit import Actor
from recsite.platform.console import ConsoleChangeList, ReadOnlyAdmin, dialog, leave_dialog
from recsite.platform.humanize import EMPTY, ago, distance, link, structure
from recsite.platform.models import AuditEntry

DOOR_COLOURS = {"admin": "info", "api": "success", "command": "warning"}
MOST_FIELDS, LONGEST_VALUE = 4, 60
LEAD = 20
"""Characters that stand before what differs."""


class Undoing(BaseDialogForm):
    """Name the change that is about to be taken back: the dialog stands over a list of many."""

    form_before_template = "admin/parts/consequences.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:
        entry = AuditEntry.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        return {"lines": list(_undoing(entry)) if entry else []}


class ChangesList(ConsoleChangeList):
    """A list that knows the pages of what its changes are of: a query for each type, not for each row."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        by_kind = defaultdict[str, set[str]](set)
        rows: list[Any] = list(self.result_list)  # type: ignore[has-type]  # Django's, without a type
        for row in rows:
            by_kind[row.object_type].add(row.object_id)
        find = import_string(settings.OBJECT_ADDRESSES)
        pages = {kind: find(kind, ids, request.user) for kind, ids in by_kind.items()}
        for row in rows:
            row.page = pages[row.object_type].get(row.object_id, "")
        self.result_list = rows


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Show who changed what, when and why, and take back what can be. Nobody can edit or delete these rows here."""

    empty = "Nobody has changed anything yet."
    list_display = ("when", "who", "by_door", "done", "what", "change", "why", "taking_back")
    left_out_when_equal = ("why",)
    list_select_related = ("undone_by",)
    list_filter = (PersonFilter, KindFilter, DayFilter, DoorFilter)
    list_before_template = "admin/platform/auditentry/of_object.html"
    search_fields = ("=object_id", "actor", "verb", "=request_id")
    search_help_text = "The id of what was changed, who changed it, the verb, or the id of a request."
    date_hierarchy = None
    sortable_by = ()
    fieldsets = (
        (None, {"fields": (("at", "verb"), ("what", "actor"), "door", "changes", "reason", "undone", "request_id")}),
        ("As it is recorded", {"classes": ["collapse"], "fields": ("before_text", "after_text")}),
    )
    readonly_fields = ("what", "changes", "before_text", "after_text", "undone")
    actions_detail = ("undo",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangesList]:
        return ChangesList

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Mark what this member of staff may take back; no row needs a query of its own for it."""
        may = Q(verb__in=["", *undo.verbs_of(request.user)], undone_by__isnull=True)
        return super().get_queryset(request).annotate(may_undo=may)

    def has_undo_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission that the change itself needs; without an entry, for that of any."""
        entry = self.get_object(request, object_id) if object_id else None
        return bool(undo.verbs_of(request.user)) if entry is None else entry.verb in undo.verbs_of(request.user)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to undo only what can be."""
        entry = self.get_object(request, object_id)
        return super().get_actions_detail(request, object_id) if entry and _is_offered(entry) else []

    @display(description="when", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return ago(entry.at)

    @display(description="who")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor

    @display(description="by", label=DOOR_COLOURS)
    def by_door(self, entry: AuditEntry) -> str:
        return entry.door

    @display(description="did")
    def done(self, entry: AuditEntry) -> str:
        """Say the verb as people read it; a search takes it as the record has it."""
        return format_html('<span title="{}">{}</span>', entry.verb, in_words(entry.verb))

    @display(description="of")
    def what(self, entry: AuditEntry) -> str:
        """Name the object, with a link to its page where it has one."""
        page = getattr(entry, "page", "")
        return link(page, told_of(entry)) if page else told_of(entry)

    @display(description="change")
    def change(self, entry: AuditEntry) -> str:
        found = told_changes(entry)
        lines = [(name, *_shorts(before, after)) for name, before, after in found[:MOST_FIELDS]]
        more = [(f"and {len(found) - MOST_FIELDS} more", "", "")] if len(found) > MOST_FIELDS else []
        return _as_lines([*lines, *more])

    @display(description="change")
    def changes(self, entry: AuditEntry) -> str:
        """Say all that changed, in full."""
        return _as_lines(told_changes(entry))

    @display(description="reason")
    def why(self, entry: AuditEntry) -> str:
        """Say why; of a long reason the list shows the beginning, and the whole on hover."""
        return format_html('<span title="{}">{}</span>', entry.reason, _cut(entry.reason, 0)) if entry.reason else EMPTY

    @display(description="undo")
    def taking_back(self, entry: AuditEntry) -> str:
        """Offer the button, or say that it was pressed."""
        if not _is_offered(entry):
            return self.undone(entry)
        address = reverse("admin:platform_auditentry_undo", args=[entry.pk])
        return render_to_string("admin/platform/auditentry/undo.html", {"address": address})

    @display(description="undone")
    def undone(self, entry: AuditEntry) -> str:
        later = getattr(entry, "undone_by", None)
        return format_html("by {}, {}", later.actor, ago(later.at)) if later else EMPTY

    @action(
        description="Undo",
        icon="undo",
        permissions=["undo"],
        dialog=dialog(
            "Undo this change?",
            "What was there before is put back, unless it has changed since. That is recorded as a change of yours.",
            "Undo",
            Undoing,
        ),
    )
    def undo(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        entry = self.get_or_404(request, object_id)
        try:
            done = undo.undo(entry.pk, actor=Actor.staff(request))
        except undo.CannotUndo as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Undone: {entry.verb} of {told_of(entry)} is taken back by {done.verb}.")
        return leave_dialog(request, "admin:platform_auditentry_changelist")

    @display(description="before")
    def before_text(self, entry: AuditEntry) -> str:
        return structure(entry.before)

    @display(description="after")
    def after_text(self, entry: AuditEntry) -> str:
        return structure(entry.after)


def in_words(verb: str) -> str:
    """Return a verb of the record as people read it: item.hide is hide."""
    return verb.rpartition(".")[2].replace("_", " ")


def told_of(entry: AuditEntry) -> str:
    """Name the object; a user's id stands there as its hash, since an erasure would not find it."""
    return f"{entry.object_type.replace('_', ' ')} {entry.object_id}"


def _undoing(entry: AuditEntry) -> Iterable[str]:
    why = f": “{_cut(entry.reason, 0)}”" if entry.reason else ""
    yield f"{entry.actor} did {in_words(entry.verb)} {told_of(entry)} {distance(entry.at)}{why}."
    found = told_changes(entry)
    for name, before, after in found[:MOST_FIELDS]:
        was, now = _shorts(before, after)
        yield f"{name}: {f'{was} → ' if was else ''}{now}"
    if len(found) > MOST_FIELDS:
        yield f"and {len(found) - MOST_FIELDS} more"


def _is_offered(entry: AuditEntry) -> bool:
    return bool(getattr(entry, "may_undo", False)) and undo.known(entry) is not None


def told_changes(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Return each change as its name, what was and what is, in words; nothing where there was nothing."""
    if how := settings.CHANGES_TOLD.get(entry.verb):
        found: list[tuple[str, str, str]] = import_string(how)(entry.before, entry.after)
        return found
    names = [*entry.after, *(name for name in entry.before if name not in entry.after)]
    return [
        (name, *(_words(values[name]) if name in values else "" for values in (entry.before, entry.after)))
        for name in names
    ]


def _as_lines(lines: Sequence[tuple[str, str, str]]) -> str:
    if not lines:
        return EMPTY
    told = ((name, f"{before} → " if before else "", after) for name, before, after in lines)
    # In one box: on a phone each child of a cell would be a column.
    return format_html("<div>{}</div>", format_html_join("", "<div><b>{}</b> {}{}</div>", told))


def _shorts(*both: str) -> tuple[str, str]:
    """Return both values as the list shows them: of two long ones that begin alike, where they begin to differ."""
    alike = next((at for at, (one, two) in enumerate(zip(*both, strict=False)) if one != two), min(map(len, both)))
    start = max(alike - LEAD, 0) if max(map(len, both)) > LONGEST_VALUE and alike > LEAD else 0
    before, after = (_cut(text, start) for text in both)
    return before, after


def _cut(text: str, start: int) -> str:
    part = text[start : start + LONGEST_VALUE]
    return f"{'…' if start and text else ''}{part}{'…' if len(text) > start + LONGEST_VALUE else ''}"


def _words(value: object) -> str:
    """Write a value as people read it: lists with commas, nothing as a dash."""
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or EMPTY
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_words(inner)}" for name, inner in value.items()) or EMPTY
    return EMPTY if value in (None, "") else str(value)
