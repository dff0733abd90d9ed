"""Name each kind of alert with its limit, what it means and what to do: the one home of limits.

A limit is a setting with a default; 0 switches those off that say so. Pages, `/health` and alerts read it here.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings


class Severity(StrEnum):
    """Say how bad it is."""

    DOWN = "down"
    """Something doesn't work, or users notice."""
    WARNING = "warning"
    """Nobody notices yet."""


class Comparison(StrEnum):
    """Say on which side of its limit a value is one to worry about."""

    ABOVE = "above"
    AT_LEAST = "at least"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Describe a kind of alert."""

    key: str
    name: str
    severity: Severity
    means: str
    """A sentence for whoever reads the alert."""
    do: str
    setting: str = ""
    """The setting with the limit; empty where something is there or is not."""
    comparison: Comparison = Comparison.ABOVE
    unit: str = ""

    @property
    def limit(self) -> float:
        """Return the limit, as the settings have it now."""
        return float(getattr(settings, self.setting))

    def is_crossed(self, value: float | None) -> bool:
        """Tell whether a value is beyond the limit; what nobody knows is not, nor is anything where the limit is 0."""
        if value is None or not self.limit:
            return False
        if self.comparison is Comparison.BELOW:
            return value < self.limit
        return value >= self.limit if self.comparison is Comparison.AT_LEAST else value > self.limit


DATABASE = Threshold(
    "database",
    "Database",
    Severity.DOWN,
    "Nothing can be stored, and pages that need rows fail.",
    "Check that PostgreSQL runs and that DATABASE_URL names it.",
)
REDIS = Threshold(
    "redis",
    "Redis",
    Severity.DOWN,
    "Answers are computed anew and take longer; no task reaches a worker.",
    "Check that Redis runs and that REDIS_URL names it.",
)
BROKER = Threshold(
    "broker",
    "Task broker",
    Severity.DOWN,
    "Nothing is trained, warmed or delivered until it answers.",
    "Check that the broker runs and that CELERY_BROKER_URL names it.",
)
WORKER = Threshold(
    "worker",
    "Worker",
    Severity.DOWN,
    "What waits in its queue is not done: trainings, lists, totals, webhooks.",
    "Start a worker with 'celery -A recsite.celery worker', and beat beside it.",
)
LEVELS = Threshold(
    "levels",
    "Levels are not looked at",
    Severity.WARNING,
    "Nobody looks at queues and lag, so alerts of them can't come.",
    "Check that beat runs, and that the schedule's entry Sample levels is switched on.",
    "ALERT_UNSAMPLED_SECS",
    unit="seconds",
)
RELEASE = Threshold(
    "release",
    "No release",
    Severity.DOWN,
    "All users get the newest items.",
    "Train and promote a release: Releases, or 'manage.py train'.",
)
LOADING = Threshold(
    "loading",
    "Release not loaded",
    Severity.DOWN,
    "These processes go on with what they had, or show the newest items.",
    "Read what they say; roll back if the release's files are gone.",
)
ERROR_SHARE = Threshold(
    "error-share",
    "Errors",
    Severity.DOWN,
    "Users and clients get errors in place of answers.",
    "Look into the log for lines of level ERROR; roll back what was changed last.",
    "ALERT_ERROR_SHARE",
    unit="share of requests",
)
P95 = Threshold(
    "p95",
    "Slow lists",
    Severity.WARNING,
    "Five of a hundred requests for lists take longer than that.",
    "Look at Health for what is away or full; warm the cache; add processes.",
    "ALERT_P95_MS",
    unit="ms",
)
SILENCE = Threshold(
    "silence",
    "No events",
    Severity.WARNING,
    "Lists no longer follow what users do.",
    "Check that clients send events, and look at Dead letters.",
    "ALERT_EVENT_SILENCE_SECS",
    unit="seconds",
)
LAG = Threshold(
    "lag",
    "Kafka lag",
    Severity.WARNING,
    "Events are stored later than they come.",
    "Check that 'manage.py consume_events' runs; start more of them, up to the number of partitions.",
    "ALERT_LAG",
    unit="events",
)
OUTBOX = Threshold(
    "outbox",
    "Outbox",
    Severity.WARNING,
    "Accepted events have not reached Kafka.",
    "Check that the brokers answer, and that 'manage.py relay_events' runs.",
    "ALERT_OUTBOX",
    unit="events",
)
QUEUE_DEPTH = Threshold(
    "queue-depth",
    "Queue",
    Severity.WARNING,
    "Tasks come faster than the worker does them.",
    "Look at Jobs for one that hangs; start another worker.",
    "ALERT_QUEUE_DEPTH",
    unit="tasks",
)
OLDEST_JOB = Threshold(
    "oldest-job",
    "Job waits",
    Severity.WARNING,
    "Somebody waits for it.",
    "Look at Jobs for what keeps it; start another worker, or cancel it.",
    "ALERT_OLDEST_JOB_SECS",
    unit="seconds",
)
MONTHS_AHEAD = Threshold(
    "months-ahead",
    "Months ahead",
    Severity.WARNING,
    "Upkeep has failed for weeks; rows of later months would lie in the DEFAULT partition.",
    "Run 'manage.py partitions', and see why the schedule's Maintain partitions fails.",
    "ALERT_MONTHS_AHEAD",
    Comparison.BELOW,
    "months",
)
MODEL_AGE = Threshold(
    "model-age",
    "Old release",
    Severity.WARNING,
    "Events have come since the live release was trained, and it knows nothing of them.",
    "Look at Jobs for a training that failed, and at Releases for one that the gate refused.",
    "ALERT_MODEL_AGE_HOURS",
    unit="hours",
)
DRIFT = Threshold(
    "drift",
    "Drift",
    Severity.WARNING,
    "The latest events differ from those that the live release was trained on.",
    "Look at Drift for what moved; train where it is meant to stay.",
    "DRIFT_THRESHOLD",
    Comparison.AT_LEAST,
    "PSI",
)
DEAD_LETTERS = Threshold(
    "dead-letters",
    "Dead letters",
    Severity.WARNING,
    "These events were accepted and could not be stored.",
    "Mend and replay them at Dead letters, or delete them.",
    "ALERT_DEAD_LETTERS",
    Comparison.AT_LEAST,
    "events",
)
FREE_SHARE = Threshold(
    "space",
    "Disk and memory",
    Severity.WARNING,
    "Trainings and the database stop when it is full.",
    "Delete what is not needed, or give the machine more.",
    "ALERT_FREE_SHARE",
    Comparison.BELOW,
    "share that is free",
)
BACKUP = Threshold(
    "backup",
    "Old backup",
    Severity.WARNING,
    "What came in since the last good backup is lost, should the database be.",
    "Read why the last one failed on Health, then run 'manage.py backup create'.",
    "ALERT_BACKUP_AGE_HOURS",
    unit="hours",
)
TELLING = Threshold(
    "telling",
    "Mails are not sent",
    Severity.WARNING,
    "Those who want to know of alerts by mail are not told. What waits is sent once the server answers.",
    "Check EMAIL_HOST and the settings beside it; Alerts has a test for each address.",
)
UNKNOWN = Threshold(
    "unknown",
    "Can't be looked at",
    Severity.WARNING,
    "Nobody knows how this part is.",
    "Look into the log for the line with the cause.",
)

THRESHOLDS = {
    one.key: one
    for one in (
        DATABASE,
        REDIS,
        BROKER,
        WORKER,
        LEVELS,
        RELEASE,
        LOADING,
        ERROR_SHARE,
        P95,
        SILENCE,
        LAG,
        OUTBOX,
        QUEUE_DEPTH,
        OLDEST_JOB,
        MONTHS_AHEAD,
        MODEL_AGE,
        DRIFT,
        DEAD_LETTERS,
        FREE_SHARE,
        BACKUP,
        TELLING,
        UNKNOWN,
    )
}
