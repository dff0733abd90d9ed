"""The record of backups that were tried, and when the last one worked: what pages, alerts and metrics ask."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone


class BackupRun(models.Model):
    """Store one try of a backup, once it has ended."""

    name = models.CharField(max_length=50)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(default=timezone.now, db_index=True)
    bytes = models.BigIntegerField(default=0, help_text="What it takes, files that it shares with others included.")
    rows = models.BigIntegerField(default=0)
    error = models.TextField(blank=True, help_text="Why there is no backup; empty where there is one.")

    class Meta:
        ordering = ["-ended_at", "-pk"]
        verbose_name = "backup"

    def __str__(self) -> str:
        return self.name


def note(name: str, began_at: datetime, **about: Any) -> None:
    """Write down how a backup ended."""
    BackupRun.objects.create(name=name, began_at=began_at, **about)


def last_success() -> datetime | None:
    """Return when the rows of the last good backup were read; None where there is none."""
    return BackupRun.objects.filter(error="").order_by("-began_at").values_list("began_at", flat=True).first()


def last() -> BackupRun | None:
    """Return the last try, whether it worked or not."""
    return BackupRun.objects.first()
