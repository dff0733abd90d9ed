"""The rows of who is told of alerts, of what was told, and of what nobody is told for a while."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from recsite.platform.thresholds import THRESHOLDS
from recsite.platform.webhooks.models import WebhookEndpoint

EVERY_KIND = "Every kind"
ONE_WAY = "Give an e-mail address or a webhook: one of them is told."


def name_of(kind: str) -> str:
    """Return the name of a kind of alert; one that an older release knew keeps its key."""
    return THRESHOLDS[kind].name if kind in THRESHOLDS else kind or EVERY_KIND


class AlertEpisode(models.Model):
    """Store one time that an alert held: from when it was noticed until it was noticed to be over."""

    class Announced(models.TextChoices):
        NOTHING = ""
        BEGAN = "began"
        ENDED = "ended"

    key = models.CharField(max_length=100, help_text="Its kind, and which of several, such as a queue.")
    kind = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    sentence = models.TextField(help_text="As it was said last.")
    link = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField()
    noticed_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, db_index=True)
    announced = models.CharField(
        max_length=10, choices=Announced, blank=True, default="", help_text="What webhooks that want all were told."
    )

    class Meta:
        app_label = "platform"
        ordering = ["-noticed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["key"], condition=Q(ended_at=None), name="alert_open_once")]

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"

    @property
    def name(self) -> str:
        return name_of(self.kind)


class AlertSubscription(models.Model):
    """Store who is told of which alerts: an e-mail address or a webhook."""

    class Pace(models.TextChoices):
        AT_ONCE = "at once", "at once"
        HOURLY = "hourly", "together, each hour"
        DAILY = "daily", "together, each day at 07:00 UTC"

    email = models.EmailField("e-mail address", blank=True)
    webhook = models.ForeignKey(
        WebhookEndpoint,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="In place of an address. Which events it has ticked doesn't matter here.",
    )
    kinds = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Empty: every kind there is and will be."
    )
    pace = models.CharField("when", max_length=10, choices=Pace, default=Pace.AT_ONCE)
    is_on = models.BooleanField("on", default=True)

    class Meta:
        app_label = "platform"
        ordering = ["pk"]
        verbose_name = "alert subscription"
        constraints = [
            models.CheckConstraint(
                condition=(Q(webhook=None) & ~Q(email="")) | (Q(webhook__isnull=False) & Q(email="")),
                name="alert_told_one_way",
                violation_error_message=ONE_WAY,
            )
        ]

    def __str__(self) -> str:
        return self.email or str(self.webhook)

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


class AlertMessage(models.Model):
    """Store that a subscription is told of the beginning or the end of an alert: once, whatever fails meanwhile."""

    class Event(models.TextChoices):
        BEGAN = "began"
        ENDED = "ended"

    subscription = models.ForeignKey(AlertSubscription, on_delete=models.CASCADE, related_name="messages")
    episode = models.ForeignKey(AlertEpisode, on_delete=models.CASCADE, related_name="messages")
    event = models.CharField(max_length=10, choices=Event)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, help_text="Why the latest attempt failed.")

    class Meta:
        app_label = "platform"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "episode", "event"], name="alert_message_once"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(sent_at=None), name="alert_message_due")]

    def __str__(self) -> str:
        return f"{self.episode.key} {self.event}"


class AlertSilence(models.Model):
    """Store that nobody is told of the beginnings of a kind of alert until a moment: pages go on showing it."""

    kind = models.CharField(max_length=40, blank=True, help_text="Empty: every kind.")
    until = models.DateTimeField()
    reason = models.CharField(max_length=300)
    made_by = models.CharField("by", max_length=150, editable=False)
    made_at = models.DateTimeField("made", default=timezone.now, editable=False)

    class Meta:
        app_label = "platform"
        ordering = ["-until", "-pk"]
        verbose_name = "silence"

    def __str__(self) -> str:
        return f"{name_of(self.kind)} until {self.until:%Y-%m-%d %H:%M} UTC"
