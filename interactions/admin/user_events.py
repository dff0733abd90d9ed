"""Events without an item, and reviews."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from interactions.models import PersonEvent, Review
from recsite.platform.console import ReadOnlyAdmin, structured
from recsite.platform.humanize import ago, link, unbroken


@admin.register(PersonEvent)
class PersonEventAdmin(ReadOnlyAdmin):
    """Show logins, changes of profiles and other events without an item, the latest first."""

    empty = "Nobody has sent an event without an item yet."
    list_display = ("when", "person", "type")
    list_select_related = ("user", "type")
    ordering = ("-id",)
    sortable_by = ()
    actions = None
    fields = (("occurred_at", "received_at"), ("person", "type"), "event_id", "context_text")

    @display(description="when")
    def when(self, event: PersonEvent) -> str:
        return ago(event.occurred_at)

    @display(description="user")
    def person(self, event: PersonEvent) -> str:
        return link(reverse("person-page", args=[event.user_id]), event.user.user_id)

    context_text = structured("context")


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """Show the reviews that came with ratings."""

    empty = "Nobody has written a review yet: one comes with a rating."
    list_display = ("when", "person", "item_link", "value", "words")
    list_select_related = ("user", "item")
    ordering = ("-pk",)
    search_fields = ("user__user_id", "item__item_id")
    search_help_text = "The id of a user or of an item."
    sortable_by = ()
    fields = (("occurred_at", "person"), ("item_link", "value"), "title", "text", "event_id")

    @display(description="when")
    def when(self, review: Review) -> str:
        return ago(review.occurred_at)

    @display(description="user")
    def person(self, review: Review) -> str:
        return link(reverse("person-page", args=[review.user_id]), review.user.user_id)

    @display(description="item")
    def item_link(self, review: Review) -> str:
        return link(reverse("item-page", args=[review.item_id]), review.item.title)

    @display(description="review")
    def words(self, review: Review) -> str:
        words = f"{review.title}: {review.text}" if review.title else review.text
        # In one box: on a phone each child of a cell would be a column.
        return format_html("<div>{}</div>", unbroken(words if len(words) <= 120 else f"{words[:117]} ..."))
