from django.db import models
from django.utils import timezone


class TuningTrial(models.Model):
    """Record one choice of an algorithm's settings, and how good it was on an inner part of the training events."""

    algorithm = models.CharField(max_length=50)
    data_hash = models.CharField(max_length=64, help_text="Of the events: trials on other events aren't compared.")
    metric = models.CharField(max_length=20, help_text="rmse, where less is better, or ndcg.")
    number = models.PositiveIntegerField(help_text="From 0 on; 0 has the algorithm's own defaults.")
    settings = models.JSONField()
    value = models.FloatField(null=True, help_text="Empty where it could not be fitted.")
    seconds = models.FloatField()
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "tuning trial"
        constraints = [
            models.UniqueConstraint(fields=["algorithm", "data_hash", "metric", "number"], name="tuning_trial_once")
        ]

    def __str__(self) -> str:
        return f"{self.algorithm}, trial {self.number}"
