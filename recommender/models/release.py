from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from recommender.models.version import ModelVersion


class Release(models.Model):
    """Bundle model versions by role, immutably: what is served. Exactly one release is live."""

    class State(models.TextChoices):
        CANDIDATE = "candidate"
        LIVE = "live"
        ARCHIVED = "archived"

    state = models.CharField(max_length=10, choices=State, default=State.CANDIDATE)
    weights = models.JSONField(default=dict, help_text="The weight of each ranking source in the blend.")
    replaced = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Rolling back returns to it.",
    )
    versions = models.ManyToManyField(ModelVersion, through="ReleaseModel", related_name="releases")
    created_at = models.DateTimeField(default=timezone.now)
    promoted_at = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    override = models.TextField(
        blank=True, help_text="Why it was promoted although the quality gate refused one of its models."
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="live"), name="release_one_live"),
        ]

    def __str__(self) -> str:
        return f"Release {self.pk}"


class ReleaseModel(models.Model):
    """Give a model version its role in a release."""

    class Role(models.TextChoices):
        RATING = "rating", "rating model"
        RANKING = "ranking", "ranking source"

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="members")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="memberships")
    algorithm = models.CharField(max_length=50)
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        # The name of before: nothing is rewritten or locked for a better word.
        db_table = "recommender_releasemember"
        constraints = [
            models.UniqueConstraint(fields=["release", "algorithm"], name="release_algorithm_once"),
            models.UniqueConstraint(fields=["release"], condition=Q(role="rating"), name="release_one_rating_model"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} in {self.release}"
