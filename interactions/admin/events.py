from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from catalog.models import EndUser, Item
from interactions.admin.keyset import KeysetChangeList
from interactions.models import Interaction
from recsite.platform.console import ReadOnlyAdmin, ago


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyAdmin):
    """The event stream, newest first. Events are facts: nobody edits them."""

    list_display = ("person", "kind", "thing", "value_text", "when", "origin")
    list_filter = ("type", "undated")
    list_select_related = ("user", "item", "type")
    search_fields = ("user__user_id",)
    search_help_text = "The whole id of a person or of an item."
    sortable_by = ()
    actions = None
    change_list_template = "admin/interactions/interaction/change_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in {"before", "user__id__exact", "item__id__exact"} or super().lookup_allowed(
            lookup, value, request
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Ids are looked up first: a search over the events themselves would read them all."""
        if not (term := search_term.strip()):
            return queryset, False
        people = EndUser.objects.filter(user_id=term).values_list("pk", flat=True)
        things = Item.objects.filter(item_id=term).values_list("pk", flat=True)
        return queryset.filter(Q(user__in=list(people)) | Q(item__in=list(things))), False

    @display(description="person")
    def person(self, event: Interaction) -> str:
        return event.user.user_id

    @display(
        description="event",
        label={"view": "info", "click": "info", "like": "success", "purchase": "success", "dislike": "danger"},
    )
    def kind(self, event: Interaction) -> str:
        return event.type.name

    @display(description="item")
    def thing(self, event: Interaction) -> str:
        return event.item.title

    @display(description="value")
    def value_text(self, event: Interaction) -> str:
        return "–" if event.value is None else f"{event.value:g}"

    @display(description="when")
    def when(self, event: Interaction) -> str:
        return "no date" if event.undated else ago(event.occurred_at)

    @display(description="from")
    def origin(self, event: Interaction) -> str:
        return str((event.context or {}).get("source", "–"))
