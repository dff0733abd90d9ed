"""Store what lists achieved with each item, and with each category: what the list of items sorts and filters by."""

from django.db import models
from django.db.models import Q

from catalog.models import Item


class ItemTotals(models.Model):
    """Total what lists showed of one item in the last seven days. One row an item, also where it was never shown.

    Added up from the totals by day every few minutes, so that a list of a million items is sorted by an index.
    """

    item = models.OneToOneField(
        Item, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="totals"
    )
    shown = models.PositiveBigIntegerField(default=0, help_text="In the last seven days (UTC), today included.")
    clicked = models.PositiveBigIntegerField(default=0)
    click_rate = models.FloatField(null=True, help_text="Empty where it was shown too rarely to say.")
    clicked_lately = models.PositiveBigIntegerField(default=0, help_text="In the seven days before today.")
    clicked_before = models.PositiveBigIntegerField(default=0, help_text="In the seven days before those.")
    trend = models.FloatField(
        default=0.0, help_text="By how many standard deviations of chance the clicks of these two weeks differ."
    )
    last_shown = models.DateField(null=True, help_text="Empty where no list ever showed it.")
    added_on = models.DateField(help_text="When it was published or, without a date, came into the catalogue.")

    class Meta:
        indexes = [
            models.Index(fields=["shown", "item"], name="item_totals_by_shown"),
            models.Index(fields=["click_rate", "item"], name="item_totals_by_rate", condition=~Q(click_rate=None)),
            models.Index(fields=["trend", "item"], name="item_totals_by_trend"),
            models.Index(fields=["added_on", "item"], name="item_totals_by_age"),
            models.Index(fields=["item"], condition=Q(last_shown=None), name="item_totals_never_shown"),
        ]

    def __str__(self) -> str:
        return f"item {self.item_id}"


class CategoryTotals(models.Model):
    """Total what lists showed of the items of one category in the last 28 days: what an item is compared with."""

    name = models.CharField(max_length=100, primary_key=True)
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
