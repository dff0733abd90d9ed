"""Store what is kept up to date between two trainings, event by event."""

from django.db import models
from django.utils import timezone


class TrendingScore(models.Model):
    """Store how much users interact with an item lately, on a scale that grows with time: see `incremental.trends`."""

    item_id = models.BigIntegerField(primary_key=True)
    score = models.FloatField()

    class Meta:
        ordering = ["-score"]

    def __str__(self) -> str:
        return f"item {self.item_id}: {self.score:g}"


class CoVisit(models.Model):
    """Count the sessions in which a user viewed both items.

    With itself: in how many somebody turned to the item. Of 0 and 0: how many sessions there were.
    """

    item_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    sessions = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "pair of items in sessions"
        verbose_name_plural = "pairs of items in sessions"
        constraints = [models.UniqueConstraint(fields=["item_id", "other_id"], name="covisit_once")]
        indexes = [models.Index(fields=["other_id"], name="covisit_by_the_other")]

    def __str__(self) -> str:
        return f"items {self.item_id} and {self.other_id}"


class CoPurchase(models.Model):
    """Count the users who bought both items.

    With itself: those who bought the item. Of 0 and 0: those who bought anything.
    """

    item_id = models.BigIntegerField()
    other_id = models.BigIntegerField()
    users = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "co-purchase"
        constraints = [models.UniqueConstraint(fields=["item_id", "other_id"], name="copurchase_once")]
        indexes = [models.Index(fields=["other_id"], name="copurchase_by_the_other")]

    def __str__(self) -> str:
        return f"items {self.item_id} and {self.other_id}"


class ItemDay(models.Model):
    """Count the users whose feedback on an item was in its favour on a day (UTC), less those against it."""

    item_id = models.BigIntegerField()
    day = models.DateField()
    users = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "day of an item"
        verbose_name_plural = "days of items"
        constraints = [models.UniqueConstraint(fields=["day", "item_id"], name="itemday_once")]

    def __str__(self) -> str:
        return f"item {self.item_id} on {self.day}"
