"""What was shown to whom, what they did with it, and the figures of it.

`ServedList` and `Attribution` are range-partitioned by month; their tables are made by SQL in a migration. The figures
are added up once for each list and each act, so that no page ever reads the lists themselves.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from catalog.models import Item


class Kind(models.TextChoices):
    """What a list started from."""

    PERSON = "person", "for a person"
    EVERYBODY = "everybody", "for everybody"
    SESSION = "session", "for a visit"
    SIMILAR = "similar", "like an item"
    TOGETHER = "together", "bought together"


class ServedList(models.Model):
    """One answer that somebody was shown. The table's real key is (id, served_at)."""

    id = models.BigAutoField(primary_key=True)
    recommendation_id = models.UUIDField()
    user_id = models.CharField(max_length=255, blank=True, help_text="Empty where nobody was named.")
    kind = models.CharField(max_length=10, choices=Kind)
    placement = models.CharField(max_length=50)
    algorithm = models.CharField(max_length=50)
    version = models.PositiveBigIntegerField(null=True, help_text="The model version that led the list.")
    release = models.PositiveBigIntegerField(null=True)
    variant = models.CharField(max_length=50, blank=True)
    items = ArrayField(models.BigIntegerField(), help_text="Internal ids, in their order.")
    sources = ArrayField(models.SmallIntegerField(), help_text="What put each of them there.")
    first_rank = models.PositiveIntegerField(help_text="The place of the first one, over all pages.")
    served_at = models.DateTimeField()

    class Meta:
        ordering = ["-served_at", "-id"]
        indexes = [
            models.Index(fields=["recommendation_id"], name="served_list_by_its_id"),
            models.Index(fields=["user_id", "-served_at"], name="served_list_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.recommendation_id)


class Attribution(models.Model):
    """What somebody did with an item that a list had shown: the first act, and the first conversion.

    The table's real key is (recommendation_id, item, served_at).
    """

    recommendation_id = models.UUIDField(primary_key=True)
    item = models.ForeignKey(Item, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    served_at = models.DateTimeField()
    rank = models.PositiveIntegerField()
    event_id = models.UUIDField(help_text="The first act's.")
    acted_at = models.DateTimeField()
    by_id = models.BooleanField(help_text="Whether the act named the list; else it followed within the window.")
    converted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recommendation_id", "item", "served_at"], name="attribution_once")
        ]

    def __str__(self) -> str:
        return f"{self.recommendation_id}, place {self.rank}"


class ServedDay(models.Model):
    """The figures of a day's lists of one kind, placement, algorithm, model version and variant."""

    day = models.DateField(default=timezone.localdate, help_text="In UTC, of the showing; acts count there as well.")
    kind = models.CharField(max_length=10, choices=Kind)
    placement = models.CharField(max_length=50)
    algorithm = models.CharField(max_length=50)
    version = models.PositiveBigIntegerField(default=0, help_text="0: no model led the list.")
    variant = models.CharField(max_length=50, blank=True)
    lists = models.PositiveBigIntegerField(default=0)
    lists_clicked = models.PositiveBigIntegerField(default=0, help_text="Lists of which something was turned to.")
    lists_converted = models.PositiveBigIntegerField(default=0)
    places = models.PositiveBigIntegerField(default=0)
    places_clicked = models.PositiveBigIntegerField(default=0)
    places_converted = models.PositiveBigIntegerField(default=0)
    places_by_id = models.PositiveBigIntegerField(default=0, help_text="Clicked places whose click named the list.")
    items = models.PositiveBigIntegerField(default=0, help_text="Different items that were shown.")

    class Meta:
        ordering = ["-day", "-lists", "pk"]
        verbose_name = "figures of a day"
        verbose_name_plural = "days of figures"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "placement", "algorithm", "version", "variant"], name="served_day_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} at {self.placement} on {self.day}"


class ServedRank(models.Model):
    """One place of a day's lists: how often it was shown, and turned to."""

    served = models.ForeignKey(ServedDay, on_delete=models.CASCADE, related_name="ranks")
    rank = models.PositiveIntegerField()
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    converted = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["served", "rank"], name="served_rank_once")]

    def __str__(self) -> str:
        return f"{self.served}, place {self.rank}"


class ServedItem(models.Model):
    """One item of a day's lists: how often it was shown, in places that explore as well, and turned to."""

    served = models.ForeignKey(ServedDay, on_delete=models.CASCADE, related_name="shown_items")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    converted = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["served", "item"], name="served_item_once")]

    def __str__(self) -> str:
        return f"{self.served}, item {self.item_id}"
