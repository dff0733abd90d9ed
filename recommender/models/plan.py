"""Store how each algorithm is trained: rows that staff see and choose."""

from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from recommender.engine.algorithms import create_from_json


class AlgorithmSettings(models.Model):
    """Settings of an algorithm, for every training: proposed by tuning, used by a training, or made by staff."""

    class Origin(models.TextChoices):
        STAFF = "staff"
        TUNING = "tuning"
        TRAINING = "training"

    algorithm = models.CharField(max_length=50)
    settings = models.JSONField(
        default=dict,
        blank=True,
        help_text='Those that differ from the defaults, such as {"n_factors": 50}.',
    )
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.STAFF, editable=False)
    note = models.CharField(max_length=500, blank=True, help_text="Why they were proposed, or made.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        ordering = ["algorithm", "-pk"]
        verbose_name = "algorithm settings"
        verbose_name_plural = "algorithm settings"
        constraints = [models.UniqueConstraint(fields=["algorithm", "settings"], name="algorithm_settings_once")]

    def __str__(self) -> str:
        shown = ", ".join(f"{name} {_short(value)}" for name, value in sorted(self.settings.items()))
        return f"{self.algorithm} with {shown or 'the defaults'}"

    def clean(self) -> None:
        if not isinstance(self.settings, dict):
            raise ValidationError({"settings": 'Write an object, such as {"n_factors": 50}.'})
        try:
            create_from_json(self.algorithm, self.settings)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class TrainingPlan(models.Model):
    """Store the choice of staff for one algorithm: its settings, and whether scheduled trainings train it."""

    algorithm = models.CharField(max_length=50, primary_key=True)
    chosen = models.ForeignKey(
        AlgorithmSettings,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Used by every training. Empty: the defaults.",
    )
    held = models.CharField(
        max_length=500,
        blank=True,
        help_text="Why scheduled trainings leave it out. Empty: those that train it promote it. "
        "Promoting or training it by hand empties this.",
    )

    class Meta:
        ordering = ["algorithm"]
        verbose_name = "training plan"

    def __str__(self) -> str:
        return self.algorithm

    def clean(self) -> None:
        if self.chosen and self.chosen.algorithm != self.algorithm:
            raise ValidationError({"chosen": f"Those are settings of {self.chosen.algorithm}."})


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
