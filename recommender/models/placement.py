"""Store the placements: where lists are shown, and how staff want them there."""

from django.db import models
from django.utils import timezone

from catalog.models import Item

DEFAULT = "default"
EXPOSURES_GENERATION = "exposures"
"""Rises when showings were counted."""


class Placement(models.Model):
    """Name a place where lists are shown: `default` is meant where a request names none.

    What is served there is its live revision; what staff are preparing is its draft. `merchandising` writes both.
    """

    class Kind(models.TextChoices):
        """Name the lists of the API that a placement may be asked for."""

        ANY = "any", "every kind of list"
        USER = "user", "for a user"
        SESSION = "session", "for a session"
        SIMILAR = "similar", "similar items"
        BOUGHT_TOGETHER = "bought-together", "bought together"
        POPULAR = "popular", "popular items"
        LATEST = "latest", "new items"
        TRENDING = "trending", "trending items"

    name = models.SlugField(max_length=50, unique=True, help_text="The name that clients send: placement=NAME.")
    kind = models.CharField(
        "kind of list", max_length=20, choices=Kind, default=Kind.ANY, help_text="Other lists refuse the placement."
    )
    description = models.CharField(max_length=500, blank=True, help_text="Where it is, for your colleagues.")
    live = models.ForeignKey(
        "PlacementRevision", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    draft = models.JSONField(null=True, editable=False, help_text="Settings that are not published yet.")
    draft_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Rises with each change of the draft, and never falls."
    )
    draft_base = models.PositiveIntegerField(
        null=True, editable=False, help_text="The number of the revision that was live when the draft was begun."
    )
    draft_saved_at = models.DateTimeField(null=True, editable=False)
    draft_saved_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PlacementRevision(models.Model):
    """Keep the settings of a placement as they were published. Rows never change: a trigger refuses it."""

    placement = models.ForeignKey(Placement, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(help_text="From 1 on, for each placement.")
    settings = models.JSONField(default=dict, help_text="See `merchandising.settings`.")
    note = models.CharField(max_length=500, blank=True, help_text="Why it was published.")
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.CharField(max_length=150, blank=True)
    draft_version = models.PositiveIntegerField(null=True, help_text="The version of the draft that it was.")
    reverts_to = models.PositiveIntegerField(null=True, help_text="The number of the revision that it repeats.")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["placement", "number"], name="revision_once")]

    def __str__(self) -> str:
        return f"revision {self.number}"


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
