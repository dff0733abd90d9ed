"""Store impressions (lists as they were shown), the feedback they got, and the daily totals of both.

`ListImpression` and `Attribution` are range-partitioned by month; their tables are made by SQL in a migration. The
totals are added up once for each list and each event, so that no page ever reads the lists themselves.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from catalog.models import Item


class ListKind(models.TextChoices):
    """Name the kinds of lists by what they start from."""

    # Values that rows of earlier versions have in every partition stay; the members have the words of today.
    USER = "person", "for a user"
    EVERYBODY = "everybody", "for everybody"
    SESSION = "session", "for a session"
    SIMILAR = "similar", "similar items"
    BOUGHT_TOGETHER = "together", "bought together"


class ListImpression(models.Model):
    """Record one list as it was shown. The table's real key is (id, served_at)."""

    id = models.BigAutoField(primary_key=True)
    recommendation_id = models.UUIDField()
    user_id = models.CharField(max_length=255, blank=True, help_text="Empty where the request named no user.")
    kind = models.CharField(max_length=10, choices=ListKind)
    placement = models.CharField(max_length=50)
    algorithm = models.CharField(max_length=50)
    version = models.PositiveBigIntegerField(null=True, help_text="The model version that led the list.")
    release = models.PositiveBigIntegerField(null=True)
    variant = models.CharField(max_length=50, blank=True)
    items = ArrayField(models.BigIntegerField(), help_text="Internal ids, in the order of the list.")
    sources = ArrayField(models.SmallIntegerField(), help_text="The source of each item.")
    first_rank = models.PositiveIntegerField(help_text="The rank of the first item, counted over all pages.")
    served_at = models.DateTimeField()
    placement_revision = models.IntegerField(
        null=True, help_text="The number of the placement's revision, if it has one."
    )
    teams = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Of an interleaved list, a character for each item: 1 or 2 for its ranking, - for nobody's.",
    )
    propensities = ArrayField(
        models.FloatField(), null=True, help_text="Where the order was drawn: how probable each item was at its rank."
    )
    drawn_ranks = ArrayField(
        models.SmallIntegerField(),
        null=True,
        help_text="The rank of each among the drawn items before; 0 for what kept its position.",
    )
    drawn_of = models.SmallIntegerField(null=True, help_text="The number of items whose order was drawn.")
    temperature = models.FloatField(null=True, help_text="The temperature of the draw.")
    asked = models.JSONField(
        null=True, help_text="What the request asked beside its placement; empty where that isn't known."
    )

    class Meta:
        # The table keeps the name it was made with: it is partitioned, and renaming partitions needs a lock on all.
        db_table = "recommender_servedlist"
        verbose_name = "list impression"
        ordering = ["-served_at", "-id"]
        indexes = [
            models.Index(fields=["recommendation_id"], name="served_list_by_its_id"),
            models.Index(fields=["user_id", "-served_at"], name="served_list_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.recommendation_id)


class Attribution(models.Model):
    """Record the feedback on an item that a list had shown: the first click, and the first conversion.

    The table's real key is (recommendation_id, item, served_at).
    """

    recommendation_id = models.UUIDField(primary_key=True)
    item = models.ForeignKey(Item, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    served_at = models.DateTimeField()
    rank = models.PositiveIntegerField()
    event_id = models.UUIDField(help_text="The event that counted as the click.")
    acted_at = models.DateTimeField()
    by_id = models.BooleanField(help_text="True where the event named the list; else it followed within the window.")
    converted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["recommendation_id", "item", "served_at"], name="attribution_once")
        ]

    def __str__(self) -> str:
        return f"{self.recommendation_id}, rank {self.rank}"


class DailyImpressions(models.Model):
    """Total a day's lists of one kind, placement, revision of it, algorithm, model version and variant."""

    day = models.DateField(
        default=timezone.localdate, help_text="In UTC, of the impression; its clicks count there as well."
    )
    kind = models.CharField(max_length=10, choices=ListKind)
    placement = models.CharField(max_length=50)
    algorithm = models.CharField(max_length=50)
    version = models.PositiveBigIntegerField(default=0, help_text="0: no model led the list.")
    variant = models.CharField(max_length=50, blank=True)
    placement_revision = models.PositiveIntegerField(default=0, db_default=0, help_text="0: the placement had none.")
    lists = models.PositiveBigIntegerField(default=0)
    lists_clicked = models.PositiveBigIntegerField(default=0, help_text="Lists with at least one click.")
    lists_converted = models.PositiveBigIntegerField(default=0)
    places = models.PositiveBigIntegerField("items shown", default=0, help_text="Repeats included.")
    places_clicked = models.PositiveBigIntegerField("items clicked", default=0)
    places_converted = models.PositiveBigIntegerField("items converted", default=0)
    places_by_id = models.PositiveBigIntegerField("clicks that named their list", default=0)
    items = models.PositiveBigIntegerField("distinct items", default=0)

    class Meta:
        db_table = "recommender_servedday"
        ordering = ["-day", "-lists", "pk"]
        verbose_name = "daily total"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "kind", "placement", "placement_revision", "algorithm", "version", "variant"],
                name="served_day_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} at {self.placement} on {self.day}"


class HourlyImpressions(models.Model):
    """Total an hour's lists of one kind, placement and algorithm, and how long they took to make."""

    hour = models.DateTimeField(help_text="Its beginning; clicks count in the hour of their list.")
    kind = models.CharField(max_length=10, choices=ListKind)
    placement = models.CharField(max_length=50)
    algorithm = models.CharField(max_length=50)
    lists = models.PositiveBigIntegerField(default=0)
    places = models.PositiveBigIntegerField("items shown", default=0)
    places_clicked = models.PositiveBigIntegerField("items clicked", default=0)
    places_converted = models.PositiveBigIntegerField("items converted", default=0)
    answers = models.PositiveBigIntegerField(default=0, help_text="Answers whose making was timed, empty ones too.")
    cache_hits = models.PositiveBigIntegerField(default=0)
    buckets = ArrayField(
        models.BigIntegerField(), default=list, help_text="Timed answers by duration; see `insight.impressions.timing`."
    )

    class Meta:
        ordering = ["-hour", "pk"]
        verbose_name = "hourly total"
        constraints = [
            models.UniqueConstraint(fields=["hour", "kind", "placement", "algorithm"], name="impressions_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} at {self.placement}, {self.hour:%Y-%m-%d %H}:00"


class PositionImpressions(models.Model):
    """Total one rank of a day's lists: its impressions, clicks and conversions."""

    daily = models.ForeignKey(DailyImpressions, on_delete=models.CASCADE, related_name="ranks", db_column="served_id")
    rank = models.PositiveIntegerField()
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    converted = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "recommender_servedrank"
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["daily", "rank"], name="served_rank_once")]

    def __str__(self) -> str:
        return f"{self.daily}, rank {self.rank}"


class ItemImpressions(models.Model):
    """Total one item of a day's lists: its impressions (those that explore included), clicks and conversions."""

    daily = models.ForeignKey(
        DailyImpressions, on_delete=models.CASCADE, related_name="shown_items", db_column="served_id"
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    converted = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "recommender_serveditem"
        constraints = [models.UniqueConstraint(fields=["daily", "item"], name="served_item_once")]

    def __str__(self) -> str:
        return f"{self.daily}, item {self.item_id}"
