from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from recsite.platform.backup.runs import BackupRun as BackupRun
from recsite.platform.client_models import ApiKey as ApiKey
from recsite.platform.client_models import IdempotentRequest as IdempotentRequest
from recsite.platform.client_models import Session as Session
from recsite.platform.client_models import StaffLogin as StaffLogin
from recsite.platform.client_models import default_scopes as default_scopes
from recsite.platform.series_models import HeldAlert as HeldAlert
from recsite.platform.series_models import SeriesPoint as SeriesPoint
from recsite.platform.telling.models import AlertEpisode as AlertEpisode
from recsite.platform.telling.models import AlertMessage as AlertMessage
from recsite.platform.telling.models import AlertSilence as AlertSilence
from recsite.platform.telling.models import AlertSubscription as AlertSubscription
from recsite.platform.webhooks.models import WebhookDelivery as WebhookDelivery
from recsite.platform.webhooks.models import WebhookEndpoint as WebhookEndpoint


class Generation(models.Model):
    """The generation of something that processes keep a copy of; a larger number says that the copy is old."""

    name = models.CharField(max_length=50, primary_key=True)
    value = models.BigIntegerField(default=0)
    dirty_flags = ArrayField(
        models.UUIDField(),
        default=list,
        db_column="pledges",
        help_text="Processes whose unsent cache invalidations must be replayed if they crash.",
    )

    class Meta:
        db_table = "platform_epoch"

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class FeedCursor(models.Model):
    """Store how far a reader has read the rows of a table; see `recsite.platform.feed`."""

    name = models.CharField(max_length=50, primary_key=True)
    position = models.BigIntegerField(default=0, help_text="Rows up to this id are read.")
    safe_upto = models.BigIntegerField(
        db_column="horizon", default=0, help_text="Rows up to this id can be read once they are settled."
    )
    writers = ArrayField(models.CharField(max_length=40), default=list, help_text="Transactions that must end first.")
    read_at = models.DateTimeField(null=True)
    rebuilt_at = models.DateTimeField(
        db_column="made_anew_at",
        null=True,
        help_text="When the reader last made its figures from all rows, if it does.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name = "feed cursor"

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """Long work that somebody started: how far it is, what it said, how it ended."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        SKIPPED = "skipped"
        FAILED = "failed"
        CANCELLED = "cancelled"

    ENDED = (State.SUCCEEDED, State.SKIPPED, State.FAILED, State.CANCELLED)

    kind = models.CharField(max_length=50)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, db_index=True)
    progress = models.FloatField(default=0.0, help_text="0 to 1.")
    message = models.CharField(max_length=500, blank=True)
    log = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Starts, those included whose worker was killed.")
    task_id = models.CharField(
        max_length=255,
        null=True,
        unique=True,
        help_text="The Celery task that made this job: delivered again, it finds it.",
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor = models.JSONField(
        default=dict, blank=True, help_text="Who asked for it and by which door: the verbs that it calls record them."
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.state in self.ENDED

    def as_status(self) -> dict[str, Any]:
        """Return what a progress bar shows."""
        return {
            "id": self.pk,
            "title": self.title,
            "state": self.state,
            "progress": round(self.progress, 3),
            "message": self.message,
            "over": self.is_over,
        }


class ScheduleDefault(models.Model):
    """The settings of a schedule entry at the last start of beat: what differs from them was set by staff."""

    name = models.CharField(max_length=200, primary_key=True)
    fields = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class RoleDefault(models.Model):
    """Store what the product gave a role of staff at the last migration: what differs from it was decided by staff."""

    name = models.CharField(max_length=150, primary_key=True)
    group = models.ForeignKey(
        "auth.Group",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="None where staff deleted the role, or had one of this name before.",
    )
    permissions = ArrayField(models.CharField(max_length=255), default=list)

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Store one change that somebody made, as its verb wrote it: who, by which door, what, before and after."""

    class Kind(models.TextChoices):
        STAFF = "staff", "a member of staff"
        KEY = "key", "an API key"
        COMMAND = "command", "a command"
        SCHEDULE = "schedule", "the schedule"
        SYSTEM = "system", "the system"

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor_kind = models.CharField(max_length=10, choices=Kind)
    actor = models.CharField(max_length=150, help_text="The account's name, the key's name and prefix, the command.")
    door = models.CharField(max_length=20, help_text="Where it came in: admin, api, command, schedule, storefront.")
    verb = models.CharField(max_length=50, db_index=True, help_text="The change, such as item.hide.")
    object_type = models.CharField(max_length=30)
    object_id = models.CharField(max_length=255, help_text="Its id outside; of many, how many.")
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=128, blank=True)
    undoes = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="undone_by",
        help_text="The change that this one took back.",
    )

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "change"
        verbose_name_plural = "changes"
        indexes = [models.Index(fields=["object_type", "object_id", "-at"], name="audit_by_object")]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"
