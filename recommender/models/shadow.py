"""Store shadows: candidates that score a share of live traffic unseen, and the daily sums of what they would do."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

SHADOWS_GENERATION = "shadows"
"""Rises when other shadows run than before."""

LEAST_SHARE = 0.001


class Shadow(models.Model):
    """Have a candidate make the lists of a placement beside what is live, for nobody's eyes.

    The candidate is a release, a model in the place of its like, or a revision of the placement.
    """

    # By its name: what was found outlives the placement.
    placement = models.CharField(max_length=50)
    release = models.PositiveBigIntegerField(null=True, blank=True)
    model = models.PositiveBigIntegerField(null=True, blank=True)
    revision = models.PositiveIntegerField(null=True, blank=True)
    share = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(LEAST_SHARE), MaxValueValidator(1.0)],
        help_text="Of the lists that are shown: 0.1 is a tenth of them.",
    )
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    started_by = models.CharField(max_length=150, blank=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["placement"], condition=Q(stopped_at=None), name="shadow_one_running"),
            models.CheckConstraint(
                condition=Q(release__isnull=False, model=None, revision=None)
                | Q(release=None, model__isnull=False, revision=None)
                | Q(release=None, model=None, revision__isnull=False),
                name="shadow_one_candidate",
            ),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="shadow_share"),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} at {self.placement}"

    @property
    def candidate(self) -> str:
        """Name what it would show."""
        if self.release:
            return f"release {self.release}"
        return f"model {self.model}" if self.model else f"revision {self.revision}"


class ShadowDay(models.Model):
    """Sum what a shadow did on a day: lists, how much they had in common with what was shown, times and errors."""

    id = models.BigAutoField(primary_key=True)
    shadow = models.ForeignKey(Shadow, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(help_text="In UTC.")
    lists = models.PositiveBigIntegerField(default=0, help_text="Made by the candidate.")
    overlap = models.FloatField(default=0.0, help_text="The sum of the shares of common items.")
    equal = models.PositiveBigIntegerField(default=0, help_text="Lists that were equal, in the same order.")
    errors = models.PositiveBigIntegerField(default=0)
    dropped = models.PositiveBigIntegerField(
        default=0, help_text="Left out, since the process was busy or the candidate couldn't be held."
    )
    buckets = ArrayField(models.PositiveBigIntegerField(), help_text="Times of the candidate: see `timing.EDGES`.")
    live_buckets = ArrayField(models.PositiveBigIntegerField(), help_text="Times of what was shown instead.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shadow", "day"], name="shadow_day_once")]

    def __str__(self) -> str:
        return f"{self.shadow_id} on {self.day}"
