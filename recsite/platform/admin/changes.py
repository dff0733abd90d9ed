"""The page that says what anybody changed, by whichever door."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from recsite.platform.console import ReadOnlyAdmin
from recsite.platform.humanize import EMPTY, ago, structure
from recsite.platform.models import AuditEntry

DOOR_COLOURS = {"admin": "info", "api": "success", "command": "warning"}
MOST_FIELDS, LONGEST_VALUE = 4, 60


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Show who changed what, when and why. Nobody can edit or delete these rows here."""

    empty = "Nobody has changed anything yet."
    list_display = ("when", "who", "by_door", "verb", "what", "change", "reason")
    list_filter = ("object_type", "actor_kind", "door")
    search_fields = ("=object_id", "actor", "verb", "=request_id")
    search_help_text = "The id of what was changed, who changed it, the verb, or the id of a request."
    date_hierarchy = None
    sortable_by = ()
    fields = (("at", "verb"), ("what", "actor"), "door", "before_text", "after_text", "reason", "request_id")
    readonly_fields = ("what", "before_text", "after_text")

    @display(description="when", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return ago(entry.at)

    @display(description="who")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor

    @display(description="by", label=DOOR_COLOURS)
    def by_door(self, entry: AuditEntry) -> str:
        return entry.door

    @display(description="of")
    def what(self, entry: AuditEntry) -> str:
        """Name the object; a user's id stands there as its hash, since an erasure would not find it."""
        return f"{entry.object_type} {entry.object_id}"

    @display(description="change")
    def change(self, entry: AuditEntry) -> str:
        names = [*entry.after, *(name for name in entry.before if name not in entry.after)]
        lines = ((name, _short(entry.before, name), _short(entry.after, name)) for name in names[:MOST_FIELDS])
        more = [(f"and {len(names) - MOST_FIELDS} more", "", "")] if len(names) > MOST_FIELDS else []
        shown = format_html_join("", "<div><b>{}</b> {}{}</div>", (_line(*one) for one in [*lines, *more]))
        # In one box: on a phone each child of a cell would be a column.
        return format_html("<div>{}</div>", shown) if names else EMPTY

    @display(description="before")
    def before_text(self, entry: AuditEntry) -> str:
        return structure(entry.before)

    @display(description="after")
    def after_text(self, entry: AuditEntry) -> str:
        return structure(entry.after)


def _line(name: str, before: str, after: str) -> tuple[str, str, str]:
    return name, f"{before} → " if before else "", after


def _short(values: dict[str, object], name: str) -> str:
    """Return the value of a field as the list shows it; nothing where it had none."""
    if name not in values:
        return ""
    text = _words(values[name])
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _words(value: object) -> str:
    """Write a value as people read it: lists with commas, nothing as a dash."""
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or EMPTY
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_words(inner)}" for name, inner in value.items()) or EMPTY
    return EMPTY if value in (None, "") else str(value)
