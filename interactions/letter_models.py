"""Store events that could not be stored, and which of them staff have looked at and ignore."""

from typing import Any

from django.db import models
from django.utils import timezone

from interactions.letter_kinds import KINDS, LONGEST, OTHER, Group, group_of


class DeadLetterQuerySet(models.QuerySet["DeadLetter"]):
    def waiting(self) -> "DeadLetterQuerySet":
        """Select the letters that nobody ignores."""
        return self.filter(is_ignored=False)

    def of(self, group: Group) -> "DeadLetterQuerySet":
        """Select the letters of a group, the ignored ones included."""
        return self.filter(kind=group.kind, named=group.named)


class DeadLetter(models.Model):
    """Store an accepted event that could not be stored as one, whole and with the reason."""

    source = models.CharField(max_length=50, help_text="Where it came in: api, import, storefront.")
    topic = models.CharField(max_length=100, blank=True, help_text="Where on Kafka it was read, if it was.")
    reason = models.CharField(max_length=500)
    payload = models.JSONField(help_text="The event as it came. Mend it here, then press Save and replay.")
    attempts = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)
    kind = models.CharField(max_length=20, choices=list(KINDS.items()), default=OTHER, db_default=OTHER)
    named = models.CharField(
        "about", max_length=LONGEST, blank=True, db_default="", help_text="The item, type or field that is wrong."
    )
    is_ignored = models.BooleanField("ignored", default=False, db_default=False)

    objects = DeadLetterQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["kind", "named"], name="dead_letter_group_idx"),
            # The menu counts them on every page: thousands that are ignored must not slow it down.
            models.Index(fields=["-received_at"], name="dead_letter_waiting_idx", condition=models.Q(is_ignored=False)),
        ]

    def __str__(self) -> str:
        return self.reason

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.sort()
        super().save(*args, **kwargs)

    @property
    def group(self) -> Group:
        return Group(self.kind, self.named)

    def sort(self) -> "DeadLetter":
        """Put the letter into the group of its reason; return it."""
        self.kind, self.named = group_of(self.reason, self.payload)
        return self


class IgnoredLetters(models.Model):
    """Store that staff ignore a group of dead letters, those included that are yet to come."""

    kind = models.CharField(max_length=20)
    named = models.CharField(max_length=LONGEST, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "named"], name="ignored_letters_once")]

    def __str__(self) -> str:
        return Group(self.kind, self.named).title
