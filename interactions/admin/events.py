from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.decorators import display

from catalog.models import EndUser, Item
from interactions.marks import Mark
from interactions.models import Interaction
from recsite.platform.console import ReadOnlyAdmin, structured
from recsite.platform.humanize import EMPTY, ago, link
from recsite.platform.keyset import BEFORE, ORDER, DamagedAddress, KeysetChangeList

SEEN = "X-Seen"


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyAdmin):
    """Show events, the newest first. They record what happened, so nobody edits them."""

    empty = "No events yet: they come by the API, from the storefront, or with an import."
    indexed = ("user__id__exact", "item__id__exact")
    list_display = ("when", "person", "kind", "item_link", "value_text", "origin", "left_out")
    left_out_when_equal = ("value_text", "origin", "left_out")
    list_filter = ("type", "undated", "mark")
    list_select_related = ("user", "item", "type")
    search_fields = ("user__user_id",)
    search_help_text = "The whole id of a user or of an item."
    sortable_by = ()
    paginator = Paginator
    actions = None
    change_list_template = "admin/interactions/interaction/change_list.html"
    fields = (
        "left_out",
        "when_exactly",
        "person",
        "kind",
        "item_link",
        "value_text",
        "event_id",
        "context_text",
        "received_at",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            if SEEN in request.headers and request.headers[SEEN] == self._newest(request):
                return HttpResponse(status=204)
            return super().changelist_view(request, extra_context)
        except DamagedAddress as damage:
            messages.warning(request, str(damage))
            kept = request.GET.copy()
            kept.pop(BEFORE)
            return redirect(f"{request.path}?{kept.urlencode()}")

    def _newest(self, request: HttpRequest) -> str:
        """Return the key of the newest event, by which a page that stands open tells whether it has everything."""
        newest = self.get_queryset(request).order_by(*ORDER).values_list("pk", flat=True).first()
        return str(newest or 0)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.indexed or super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Look up ids first: a search over the events themselves would read them all."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if person := EndUser.objects.filter(user_id=term).first():
            return queryset.filter(user=person), False
        item = Item.objects.filter(item_id=term).first()
        return queryset.filter(item=item) if item else queryset.none(), False

    @display(description="when")
    def when(self, event: Interaction) -> str:
        return "no date" if event.undated else ago(event.occurred_at)

    @display(description="when")
    def when_exactly(self, event: Interaction) -> str:
        exact = f"{event.occurred_at:%Y-%m-%d %H:%M:%S.%f} UTC"
        return f"{exact}; the file had no times, so this is the import's" if event.undated else exact

    @display(description="user")
    def person(self, event: Interaction) -> str:
        return link(reverse("person-page", args=[event.user_id]), event.user.user_id)

    @display(
        description="event",
        label={"view": "info", "click": "info", "like": "success", "purchase": "success", "dislike": "danger"},
    )
    def kind(self, event: Interaction) -> str:
        return event.type.name

    @display(description="item")
    def item_link(self, event: Interaction) -> str:
        return link(reverse("item-page", args=[event.item_id]), event.item.title)

    @display(description="value")
    def value_text(self, event: Interaction) -> str:
        return EMPTY if event.value is None else f"{event.value:g}"

    @display(description="from")
    def origin(self, event: Interaction) -> str:
        return str((event.context or {}).get("source", EMPTY))

    @display(description="left out as", label=dict.fromkeys(Mark.labels, "warning"))
    def left_out(self, event: Interaction) -> str:
        return event.get_mark_display() if event.mark else EMPTY

    context_text = structured("context")
