"""Show lists as they were shown, and their daily totals."""

from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from catalog.models import Item
from recommender.cache import SOURCES
from recommender.insight import analytics
from recommender.models import (
    Attribution,
    DailyImpressions,
    HourlyImpressions,
    ListImpression,
    Placement,
    PositionImpressions,
)
from recommender.operations import explain_list
from recommender.operations.items_then import items_then, notes, whose
from recommender.operations.list_again import make_again
from recsite.platform.console import ReadOnlyAdmin, ReadOnlyInline
from recsite.platform.humanize import EMPTY, ago, link, pluralize


class PositionInline(ReadOnlyInline, TabularInline):
    """Show the totals of each rank of a day's lists."""

    model = PositionImpressions
    verbose_name_plural = "ranks"
    hide_title = True
    fields = ("rank", "shown", "clicked", "converted")


@admin.register(DailyImpressions)
class DailyImpressionsAdmin(ReadOnlyAdmin):
    """Show the totals by day, which the page of results adds up."""

    empty = "No list was shown yet, or none has been added up: beat does that every half minute."
    list_display = ("day", "kind", "placement", "algorithm", "version", "lists", "clicked", "converted", "items")
    left_out_when_equal = ("kind", "placement")
    list_filter = ("day", "kind", "algorithm")
    sortable_by = ()
    inlines = (PositionInline,)
    fields = (
        ("day", "kind"),
        ("placement", "variant"),
        ("algorithm", "version"),
        "lists",
        ("lists_clicked", "lists_converted"),
        ("places", "places_clicked"),
        ("places_converted", "places_by_id"),
        "items",
        "most_shown",
    )

    @display(description="clicked")
    def clicked(self, day: DailyImpressions) -> str:
        return f"{day.places_clicked:,} of {day.places:,}"

    @display(description="converted")
    def converted(self, day: DailyImpressions) -> str:
        return f"{day.lists_converted:,}"

    @display(description="shown most")
    def most_shown(self, day: DailyImpressions) -> str:
        found = analytics.top_items(day)
        titles = dict(Item.objects.filter(pk__in=[one.item for one in found]).values_list("pk", "title"))
        rows = [
            (_item_link(one.item, titles), pluralize(one.shown, "time"), one.clicked, one.converted)
            for one in found
            if one.item in titles
        ]
        lines = format_html_join("", "<li>{}: {}, {} clicked, {} converted</li>", rows)
        return format_html("<ul>{}</ul>", lines) if rows else EMPTY


@admin.register(HourlyImpressions)
class HourlyImpressionsAdmin(ReadOnlyAdmin):
    """Show the totals by hour, from which the analytics of the API are read."""

    empty = "No list was shown yet, or none has been added up: beat does that every half minute."
    list_display = ("hour", "kind", "placement", "algorithm", "lists", "clicked", "from_cache")
    left_out_when_equal = ("kind", "placement")
    list_filter = ("kind", "algorithm")
    sortable_by = ()
    fields = (
        ("hour", "kind"),
        ("placement", "algorithm"),
        ("lists", "places"),
        ("places_clicked", "places_converted"),
        ("answers", "cache_hits"),
    )

    @display(description="clicked")
    def clicked(self, hour: HourlyImpressions) -> str:
        return f"{hour.places_clicked:,} of {hour.places:,}"

    @display(description="from the cache")
    def from_cache(self, hour: HourlyImpressions) -> str:
        return f"{hour.cache_hits / hour.answers:.0%}" if hour.answers else EMPTY


@admin.register(ListImpression)
class ListImpressionAdmin(ReadOnlyAdmin):
    """Show lists as they were shown to users, the latest first."""

    empty = "No list was shown yet, or all are older than they are kept."
    list_display = ("when", "person", "kind", "placement", "algorithm", "version", "ranks")
    ordering = ("-id",)
    search_fields = ("user_id",)
    search_help_text = "The whole id of a user, or a recommendation_id."
    sortable_by = ()
    actions = None
    fields = (
        ("recommendation_id", "served_at"),
        ("person", "kind"),
        ("placement", "placement_revision"),
        ("algorithm", "variant"),
        ("version", "release"),
        ("weights", "drawn"),
        "asked_for",
        "shown",
        "since",
        "again",
    )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(recommendation_id=UUID(term)), False
        except ValueError:
            return queryset.filter(user_id=term), False

    @display(description="shown")
    def when(self, row: ListImpression) -> str:
        return ago(row.served_at)

    @display(description="user")
    def person(self, row: ListImpression) -> str:
        return row.user_id or EMPTY

    @display(description="ranks")
    def ranks(self, row: ListImpression) -> str:
        return f"{row.first_rank}–{row.first_rank + len(row.items) - 1}"

    @display(description="order drawn")
    def drawn(self, row: ListImpression) -> str:
        """Return whether the order was drawn at random, so that releases and drafts can be estimated by it."""
        if row.drawn_ranks is None:
            return "no"
        return f"at random, out of the first {row.drawn_of}, at temperature {row.temperature:g}"

    @display(description="weights")
    def weights(self, row: ListImpression) -> str:
        return explain_list.weights_in_words(row) or EMPTY

    @display(description="asked")
    def asked_for(self, row: ListImpression) -> str:
        """Return what the request itself asked, which shapes its list as much as the placement does."""
        return explain_list.asked_in_words(row)

    @display(description="items")
    def shown(self, row: ListImpression) -> str:
        titles = dict(Item.objects.filter(pk__in=row.items).values_list("pk", "title"))
        feedback = _feedback(row)
        lines = [
            (
                row.first_rank + number,
                _item_link(item, titles),
                _source(source) + whose(row, number),
                _in_words(feedback.get(item)),
            )
            for number, (item, source) in enumerate(zip(row.items, row.sources, strict=True))
        ]
        return format_html("<ol>{}</ol>", format_html_join("", '<li value="{}">{}, by {}{}</li>', lines))

    @display(description="changed since")
    def since(self, row: ListImpression) -> str:
        """Return what was changed since of its items and of its placement."""
        placement = Placement.objects.filter(name=row.placement).first()
        items = [(f"{one.title}: {change}",) for one in items_then(row) for change in one.changes]
        lines = [(note,) for note in notes(row, placement)] + items
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", lines)) if lines else "nothing"

    @display(description="made again")
    def again(self, row: ListImpression) -> str:
        """Return whether the list is the same when it is made again with what is kept, and where it differs."""
        found = make_again(row)
        lines = [(one.rank, one.was or EMPTY, one.now or EMPTY, one.why) for one in found.differences]
        parts = [(found.sentence, format_html_join("", "<li>Rank {}: {}, now {}. {}</li>", lines))]
        if found.rules:
            titles = dict(Item.objects.filter(pk__in=found.rules).values_list("pk", "title"))
            met = [(titles.get(item, "erased"), "; ".join(said)) for item, said in found.rules.items()]
            parts.append(("Rules of the placement met these items:", format_html_join("", "<li>{}: {}</li>", met)))
        return format_html_join("", "<p>{}</p><ul>{}</ul>", parts)


def _item_link(item: int, titles: dict[int, str]) -> SafeString | str:
    return link(reverse("item-page", args=[item]), titles[item]) if item in titles else "erased"


def _source(number: int) -> str:
    return SOURCES[number] if number < len(SOURCES) else EMPTY


def _feedback(row: ListImpression) -> dict[int, Attribution]:
    """Return the feedback on the items of a list, by the item's internal id."""
    found = Attribution.objects.filter(
        recommendation_id=row.recommendation_id, served_at=row.served_at, item__in=row.items
    )
    return {one.item_id: one for one in found}


def _in_words(feedback: Attribution | None) -> str:
    if feedback is None:
        return ""
    how = "" if feedback.by_id else " (within the window)"
    return f": {'converted' if feedback.converted_at else 'clicked'}{how}"
