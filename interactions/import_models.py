"""Store the files that staff bring to the admin, and what became of them."""

import uuid

from django.db import models
from django.utils import timezone


class FileImport(models.Model):
    """Store a file of users, items or events: where it lies, how it is read, and what its check and import said."""

    folder = models.UUIDField(unique=True, default=uuid.uuid4, help_text="Its folder among the uploads.")
    name = models.CharField(max_length=255)
    path = models.CharField(
        max_length=500, blank=True, help_text="Where it lies on the server; empty for what was sent."
    )
    url = models.CharField(max_length=500, blank=True, help_text="Where it is fetched from; empty for any other.")
    size = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0, help_text="The bytes that have come.")
    mark = models.CharField(max_length=50, blank=True, help_text="By which a file that broke off is known again.")
    reading = models.JSONField(default=dict, help_text="How it is read: format, kind, mapping, scale.")
    checked = models.JSONField(null=True, help_text="What the check said, and how the file was read by it.")
    outcome = models.JSONField(null=True, help_text="What the import said.")
    job = models.ForeignKey("platform.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    run = models.ForeignKey("interactions.ImportRun", null=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    discarded_at = models.DateTimeField(null=True, help_text="When the file was deleted.")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "import of a file"
        verbose_name_plural = "imports of files"

    def __str__(self) -> str:
        return self.name

    @property
    def is_whole(self) -> bool:
        """Tell that all of the file is there."""
        return self.discarded_at is None and 0 < self.size == self.received

    @property
    def is_at_work(self) -> bool:
        """Tell that a job checks or imports it."""
        return self.job is not None and not self.job.is_over

    @property
    def is_checked(self) -> bool:
        """Tell that it was checked as it would be read now."""
        return self.checked is not None and self.checked["reading"] == self.reading
