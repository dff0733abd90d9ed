from django.db import models
from django.utils import timezone


class DriftReport(models.Model):
    """Compare one distribution of the latest events with that of the events which the live release was trained on."""

    class Distribution(models.TextChoices):
        ITEM = "item", "items"
        CATEGORY = "category", "categories"
        TYPE = "type", "event types"
        VALUE = "value", "ratings"

    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    release = models.PositiveBigIntegerField()
    window_minutes = models.PositiveIntegerField(help_text="How far back the latest events go.")
    distribution = models.CharField(max_length=10, choices=Distribution)
    psi = models.FloatField("PSI")
    js = models.FloatField("Jensen-Shannon", help_text="In bits, 0 to 1.")
    noise = models.FloatField(help_text="What chance alone exceeds once in a hundred times.")
    n_before = models.PositiveBigIntegerField("events before")
    n_now = models.PositiveBigIntegerField("events now")
    is_drift = models.BooleanField("drift")
    shifts = models.JSONField(default=list, help_text="The bins that changed most: name, share before, share now.")

    class Meta:
        ordering = ["-made_at", "-window_minutes", "distribution"]

    @property
    def window_label(self) -> str:
        hours, minutes = divmod(self.window_minutes, 60)
        return f"{hours} h" if not minutes and hours > 1 else f"{self.window_minutes} min"

    @property
    def sentence(self) -> str:
        """Say in words what it found."""
        which = f"The {self.get_distribution_display()} of the last {self.window_label}"
        return f"{which} differ from the training's: PSI {self.psi:.2f}, Jensen-Shannon {self.js:.2f}."

    def __str__(self) -> str:
        return f"{self.get_distribution_display()}, {self.window_label}, {self.made_at:%Y-%m-%d %H:%M}"
