"""The rows of webhooks: where messages go, and each message with how its delivery went."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

LONGEST_URL, LONGEST_RESPONSE, LONGEST_SENTENCE = 2_000, 1_000, 500


class WebhookEndpoint(models.Model):
    """Store an address of another system that is told what happens here."""

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"

    url = models.CharField("URL", max_length=LONGEST_URL, help_text="Messages are sent there by POST.")
    description = models.CharField(max_length=200, blank=True, help_text="Whose it is, or what it is for.")
    events = ArrayField(models.CharField(max_length=50), help_text="What it is told of.")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    paused_because = models.CharField(max_length=LONGEST_SENTENCE, blank=True, editable=False)
    secret = models.CharField(max_length=100, editable=False)
    former_secret = models.CharField(max_length=100, blank=True, editable=False)
    former_secret_ends_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False, help_text="Nothing has arrived since then.")
    rests_until = models.DateTimeField(null=True, editable=False, help_text="It is left alone for so long.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    warning = ""
    """Why messages may not arrive, where the address was looked up just now. It is not stored."""

    class Meta:
        ordering = ["pk"]
        verbose_name = "webhook"

    def __str__(self) -> str:
        return self.description or self.url


class WebhookDelivery(models.Model):
    """Store one message to one endpoint: the outbox of what waits, and the log of what was sent."""

    class State(models.TextChoices):
        PENDING = "pending"
        DELIVERED = "delivered"
        FAILED = "failed"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=50, help_text="The same with each attempt: receivers know repeats by it.")
    event = models.CharField(max_length=50)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    is_by_hand = models.BooleanField("sent by hand", default=False, help_text="A test or a repetition: tried once.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="Attempts since it was last put into the queue.")
    attempts = models.PositiveSmallIntegerField(default=0)
    log = models.JSONField(default=list, help_text="The latest attempts.")
    status = models.PositiveSmallIntegerField(null=True, help_text="The status of the latest answer.")
    response = models.CharField(max_length=LONGEST_RESPONSE, blank=True, help_text="How the latest answer began.")
    error = models.CharField(max_length=LONGEST_SENTENCE, blank=True, help_text="Why the latest attempt failed.")
    duration_ms = models.PositiveIntegerField(null=True)
    next_try_at = models.DateTimeField(null=True, default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="pending"), name="webhook_delivery_due")]
        constraints = [models.UniqueConstraint(fields=["endpoint", "message_id"], name="webhook_message_once")]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"
