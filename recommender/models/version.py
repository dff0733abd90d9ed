from django.conf import settings
from django.db import models
from django.utils import timezone

from recsite.platform import audit

STAFF = settings.AUTH_USER_MODEL
MADE = ("model.train", "model.import")
"""The verbs, as the record of changes has them, that make a version."""


class ModelVersion(models.Model):
    """Describe one fitted model: how it was made, on what, how good it is, and where its artifact lies."""

    class State(models.TextChoices):
        TRAINING = "training"
        READY = "ready"
        ARCHIVED = "archived"
        FAILED = "failed"

    algorithm = models.CharField(max_length=50)
    settings = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.TRAINING)
    seed = models.PositiveIntegerField(default=42)
    data_from = models.DateTimeField(null=True, help_text="The oldest event it was trained on.")
    data_until = models.DateTimeField(null=True, help_text="The newest event it was trained on.")
    data_hash = models.CharField(max_length=64, blank=True)
    inputs_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the events and of what was known of items and users."
    )
    n_users = models.PositiveIntegerField(null=True)
    n_items = models.PositiveIntegerField(null=True)
    n_events = models.PositiveBigIntegerField(null=True)
    metrics = models.JSONField(default=dict)
    fit_seconds = models.FloatField(null=True)
    duration_seconds = models.FloatField(null=True, help_text="Everything: reading, fitting, evaluating, writing.")
    artifact = models.CharField(max_length=200, blank=True, help_text="The artifact's folder in the model storage.")
    checksum = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the artifact's manifest.")
    verdict = models.JSONField(
        default=dict, help_text="The verdict of the quality gate, and why. Empty: it was not judged."
    )
    origin = models.CharField(max_length=200, default="trained here")
    error = models.TextField(blank=True)
    started_by = models.ForeignKey(STAFF, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "model"
        permissions = [("operate", "Can train, promote, roll back, reload and warm")]

    @property
    def starter(self) -> str:
        """Name who had it trained, or imported it: an account, a key, a command or the schedule; empty for nobody.

        Only the account stands in the row; `with_starter` brings the others.
        """
        account = self.started_by.get_username() if self.started_by else ""
        return getattr(self, "started_as", None) or account

    @property
    def is_refused(self) -> bool:
        """Tell if the quality gate refused it."""
        return not self.verdict.get("passed", True)

    def __str__(self) -> str:
        return f"{self.algorithm} {self.pk}"


def with_starter(versions: models.QuerySet[ModelVersion]) -> models.QuerySet[ModelVersion]:
    """Add what `ModelVersion.starter` tells, in the same query."""
    return versions.select_related("started_by").annotate(started_as=audit.latest_actor("model", MADE))
