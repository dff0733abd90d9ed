"""Where lists are shown, and how staff want them there."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from catalog.models import Item

DEFAULT = "default"
MOST_EXPLORATION = 0.5
EXPOSURES_EPOCH = "exposures"
"""Rises when showings were counted."""


class Placement(models.Model):
    """A place where lists are shown: `default` is meant where a request names none."""

    name = models.SlugField(max_length=50, unique=True, help_text="What clients call it: placement=NAME.")
    content_weight = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="What the items themselves weigh in the hybrid, 0 to 1. Empty: as the training learned it.",
    )
    exploration_share = models.FloatField(
        "share of places for new items",
        default=0.1,
        validators=[MinValueValidator(0), MaxValueValidator(MOST_EXPLORATION)],
        help_text="0.1: every tenth place tries an item that nothing is known of yet. 0: none does.",
    )
    new_for_days = models.PositiveSmallIntegerField(
        "an item is new for (days)",
        default=14,
        validators=[MinValueValidator(1)],
        help_text="How long an item counts as new.",
    )
    new_for_showings = models.PositiveIntegerField(
        "or until shown (times)",
        default=1_000,
        validators=[MinValueValidator(1)],
        help_text="After so many showings in such places it has had its chance.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Exposure(models.Model):
    """How often an item was shown in places that explore, by day."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="exposures")
    day = models.DateField(default=timezone.localdate)
    shown = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-day", "-shown"]
        constraints = [models.UniqueConstraint(fields=["item", "day"], name="exposure_once_a_day")]

    def __str__(self) -> str:
        return f"{self.item} on {self.day}"
