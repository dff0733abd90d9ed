"""The rows of `recsite.platform.series` and `recsite.platform.alerts`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SeriesPoint(models.Model):
    """Store a minute, ten minutes, an hour or a day of one series. The real key is (kind, grain, at, labels).

    The table is range-partitioned by month; SQL in a migration makes it.
    """

    kind = models.CharField(max_length=20)
    grain = models.IntegerField(help_text="The row's length in seconds.")
    at = models.DateTimeField(primary_key=True, help_text="Its beginning.")
    labels = ArrayField(models.CharField(max_length=100), default=list)
    count = models.BigIntegerField(default=0, help_text="Of a level, how often it was looked at.")
    errors = models.BigIntegerField(default=0)
    hits = models.BigIntegerField(default=0, help_text="Answers from cached candidates.")
    total = models.FloatField(default=0.0, help_text="The sum of the seconds, or of a level's values.")
    highest = models.FloatField(default=0.0, help_text="The longest duration, or a level's highest value.")
    buckets = ArrayField(
        models.BigIntegerField(), default=list, help_text="Durations: see `recsite.platform.histogram`."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "grain", "at", "labels"], name="series_point_once")]

    def __str__(self) -> str:
        return f"{self.kind} {' '.join(self.labels)} at {self.at:%Y-%m-%d %H:%M}"


class HeldAlert(models.Model):
    """Store since when an alert holds, for all processes; the row goes when it holds no longer."""

    key = models.CharField(max_length=100, primary_key=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
