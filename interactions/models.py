"""Store events. `Interaction` is range-partitioned by month; its table is made by SQL in the first migration."""

from datetime import datetime
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.models import EndUser, Item
from interactions.import_models import FileImport as FileImport
from interactions.letter_models import DeadLetter as DeadLetter
from interactions.letter_models import IgnoredLetters as IgnoredLetters
from interactions.marks import Mark
from interactions.schema import AMOUNTS, TypeRule


class InteractionType(models.Model):
    """Store a type of event: how much it says, for or against the item, and its scale where it is a rating."""

    id = models.SmallAutoField(primary_key=True)
    name = models.SlugField(max_length=50, unique=True)
    weight = models.FloatField(help_text="How strong a sign it is: a view 1, a purchase 5. 0: no sign at all.")
    is_negative = models.BooleanField("speaks against the item", default=False)
    marks_seen = models.BooleanField(
        "hides the item from lists",
        default=True,
        help_text="After it, the item is not recommended to that user again.",
    )
    needs_item = models.BooleanField(
        "is about an item", default=True, help_text="A login, or a change of a profile, is about none."
    )
    is_conversion = models.BooleanField(
        "is a conversion",
        default=False,
        help_text="Lists are judged by how often it follows them.",
    )
    scale_min = models.FloatField(null=True, blank=True)
    scale_max = models.FloatField(null=True, blank=True)
    relevant_at = models.FloatField(null=True, blank=True, help_text="A rating from here on counts as liked.")
    amount_min = models.FloatField("least amount", default=AMOUNTS[0], help_text="A smaller value is refused.")
    amount_max = models.FloatField("largest amount", default=AMOUNTS[1], help_text="A larger value is refused.")

    class Meta:
        ordering = ["id"]
        verbose_name = "event type"
        constraints = [
            models.CheckConstraint(condition=Q(weight__gte=0), name="type_weight_not_negative"),
            models.CheckConstraint(
                condition=Q(scale_min=None, scale_max=None, relevant_at=None)
                # An unknown comparison passes a check, so that none may be missing has to be said.
                | Q(
                    scale_min__isnull=False,
                    scale_max__isnull=False,
                    relevant_at__isnull=False,
                    scale_min__lt=models.F("scale_max"),
                    relevant_at__gte=models.F("scale_min"),
                    relevant_at__lte=models.F("scale_max"),
                ),
                name="type_scale_whole",
                violation_error_message="Give the scale's minimum, maximum and the value that counts as liked.",
            ),
            models.CheckConstraint(
                condition=Q(amount_min__lte=models.F("amount_max")),
                name="type_amounts_ordered",
                violation_error_message="The least amount is larger than the largest.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def rule(self) -> TypeRule:
        """Return what the event schema must know of this type."""
        is_scaled = self.scale_min is not None and self.scale_max is not None
        scale = (self.scale_min, self.scale_max) if is_scaled else None
        return TypeRule(self.name, scale, self.needs_item, (self.amount_min, self.amount_max))  # type: ignore[arg-type]  # both ends or none

    def clean(self) -> None:
        weight: float | None = self.weight
        if weight is not None and weight < 0:
            raise ValidationError(
                {"weight": "A weight is zero or more; say with 'speaks against the item' what counts against."}
            )


class InteractionQuerySet(models.QuerySet["Interaction"]):
    def between(self, start: datetime, end: datetime) -> "InteractionQuerySet":
        """Select events in [start, end): a range, so that only its partitions are read."""
        return self.filter(occurred_at__gte=start, occurred_at__lt=end)

    def of_user(self, user: EndUser) -> "InteractionQuerySet":
        """Select one user's events, newest first."""
        return self.filter(user=user).order_by("-occurred_at", "-id")

    def of_item(self, item: Item) -> "InteractionQuerySet":
        """Select one item's events, newest first."""
        return self.filter(item=item).order_by("-occurred_at", "-id")

    def marking_seen(self) -> "InteractionQuerySet":
        """Select events after which an item is not recommended again."""
        return self.filter(type__marks_seen=True)


class Interaction(models.Model):
    """Store one event. The real key is (id, occurred_at); (event_id, occurred_at) makes a retry the same row."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    user = models.ForeignKey(
        EndUser, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="interactions"
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="interactions"
    )
    type = models.ForeignKey(
        InteractionType, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    value = models.FloatField(null=True, blank=True)
    occurred_at = models.DateTimeField()
    undated = models.BooleanField(
        default=False, help_text="From a file without times: the date is the import's, not the event's."
    )
    context = models.JSONField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    mark = models.PositiveSmallIntegerField(
        "left out as",
        choices=Mark,
        default=Mark.NONE,
        db_default=Mark.NONE,
        help_text="Why models and figures leave it out.",
    )

    objects = InteractionQuerySet.as_manager()

    class Meta:
        verbose_name = "event"
        constraints = [models.UniqueConstraint(fields=["event_id", "occurred_at"], name="interaction_event_once")]
        indexes = [
            models.Index(fields=["user", "-occurred_at"], name="interaction_user_idx"),
            models.Index(fields=["item", "-occurred_at"], name="interaction_item_idx"),
            models.Index(fields=["-occurred_at", "-id"], name="interaction_time_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.type_id} {self.event_id}"


class PersonEvent(models.Model):
    """Store an event without an item: a login, a change of profile. The real key is (id, occurred_at)."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    user = models.ForeignKey(EndUser, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    type = models.ForeignKey(
        InteractionType, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    occurred_at = models.DateTimeField()
    context = models.JSONField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "event without an item"
        verbose_name_plural = "events without an item"
        constraints = [models.UniqueConstraint(fields=["event_id", "occurred_at"], name="person_event_once")]
        indexes = [models.Index(fields=["user", "-occurred_at"], name="person_event_user_idx")]

    def __str__(self) -> str:
        return f"{self.type_id} {self.event_id}"


class Review(models.Model):
    """Store what a user wrote beside a rating; the rating is an Interaction with the same event_id and time."""

    event_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    user = models.ForeignKey(EndUser, on_delete=models.CASCADE, related_name="reviews")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="reviews")
    value = models.FloatField()
    title = models.CharField(max_length=200, blank=True)
    text = models.TextField()

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["event_id", "occurred_at"], name="review_once")]

    def __str__(self) -> str:
        return self.title or self.text[:50]


class BehaviourWindow(models.Model):
    """Store what users did in half an hour; see `interactions.windows`."""

    start = models.DateTimeField(unique=True)
    events = models.PositiveBigIntegerField(default=0)
    active_users = models.PositiveBigIntegerField(default=0)
    sessions = models.PositiveBigIntegerField(default=0)
    views = models.PositiveBigIntegerField(default=0)
    carts = models.PositiveBigIntegerField("put into carts", default=0)
    purchases = models.PositiveBigIntegerField(default=0)
    recommendation_clicks = models.PositiveBigIntegerField(default=0, help_text="Views and clicks that name a list.")
    late = models.PositiveBigIntegerField(
        default=0, help_text="Events of windows that were closed already, by when they came: no window counts them."
    )
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-start"]

    @property
    def view_to_cart(self) -> float | None:
        """Return carts for each view; None without any."""
        return self.carts / self.views if self.views else None

    @property
    def cart_to_purchase(self) -> float | None:
        """Return purchases for each time that something was put into a cart; None without any."""
        return self.purchases / self.carts if self.carts else None

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}"


class OutboxMessage(models.Model):
    """Store an accepted event or an announcement that Kafka did not get yet. The relay hands them on, in this order."""

    topic = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    value = models.BinaryField()
    is_event = models.BooleanField(
        default=True, help_text="Else an announcement, behind which no event has to wait for its turn."
    )
    request_id = models.CharField(
        max_length=128,
        blank=True,
        db_default="",
        help_text="Of the request or task by which it came about, as in its log lines.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        verbose_name = "message for Kafka"
        verbose_name_plural = "messages for Kafka"

    def __str__(self) -> str:
        return f"{self.topic}, {self.key}"


class ImportRun(models.Model):
    """Store how far the import of one file has come, so that a broken one goes on where it stopped."""

    format = models.CharField(max_length=50)
    source = models.CharField(max_length=500)
    fingerprint = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of what makes the files the same files."
    )
    progress = models.JSONField(default=dict, help_text="Lines committed, by part.")
    counts = models.JSONField(default=dict, help_text="Rows read, stored, duplicate and rejected.")
    rejected_files = models.JSONField(default=list, help_text="Where rejected lines were written, on that machine.")
    undated_at = models.DateTimeField(
        null=True, blank=True, help_text="The date given to rows of a file without times."
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name = "import run"

    def __str__(self) -> str:
        return f"{self.format}: {self.source}"
