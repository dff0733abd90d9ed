from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from recommender.models.version import ModelVersion
from recsite.platform import audit

PROMOTIONS = ("release.promote", "release.roll_back", "release.take_out")
"""The verbs, as the record of changes has them, by which a release goes live."""


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
    estimates = models.JSONField(
        default=dict, db_default={}, help_text="By placement, what it was last estimated to achieve there."
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="live"), name="release_one_live"),
        ]

    def __str__(self) -> str:
        return f"Release {self.pk}"

    @property
    def promoter(self) -> str:
        """Name who made it live: the account, the key, the command or the schedule; empty where nobody is known.

        Only the account stands in the row; `with_promoter` brings the others.
        """
        account = self.promoted_by.get_username() if self.promoted_by else ""
        return getattr(self, "promoted_as", None) or account


def with_promoter(releases: models.QuerySet[Release]) -> models.QuerySet[Release]:
    """Add what `Release.promoter` tells, in the same query."""
    actor = audit.latest_actor("release", PROMOTIONS)
    return releases.select_related("promoted_by").annotate(promoted_as=actor)


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
