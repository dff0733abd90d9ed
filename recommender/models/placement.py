"""Store the placements: where lists are shown, and how staff want them there."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from catalog.models import Item

DEFAULT = "default"
MOST_EXPLORATION = 0.5
EXPOSURES_GENERATION = "exposures"
"""Rises when showings were counted."""


class Placement(models.Model):
    """Name a place where lists are shown: `default` is meant where a request names none."""

    name = models.SlugField(max_length=50, unique=True, help_text="The name that clients send: placement=NAME.")
    content_weight = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="The weight of the content model in the hybrid, 0 to 1. Empty: as training learned it.",
    )
    exploration_share = models.FloatField(
        "share for new items",
        default=0.1,
        validators=[MinValueValidator(0), MaxValueValidator(MOST_EXPLORATION)],
        help_text="0.1: every tenth item is one with too few events to be recommended by itself. 0: none is.",
    )
    new_for_days = models.PositiveSmallIntegerField(
        "an item is new for (days)",
        default=14,
        validators=[MinValueValidator(1)],
        help_text="For so many days an item counts as new.",
    )
    new_for_showings = models.PositiveIntegerField(
        "or until it has impressions",
        default=1_000,
        validators=[MinValueValidator(1)],
        help_text="After so many impressions as a new item it counts as new no longer.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Exposure(models.Model):
    """Count the impressions of an item as a new one, by day."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="exposures")
    day = models.DateField(default=timezone.localdate)
    shown = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-day", "-shown"]
        verbose_name = "new item shown"
        verbose_name_plural = "new items shown"
        constraints = [models.UniqueConstraint(fields=["item", "day"], name="exposure_once_a_day")]

    def __str__(self) -> str:
        return f"{self.item} on {self.day}"
