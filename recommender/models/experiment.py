"""Store experiments: what is compared at a placement, and the daily totals of each user by which it is read."""

from secrets import token_hex

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

LONGEST_KEY = 30
LONGEST_VARIANT = 19
SEPARATOR = ":"
"""Between the key and the variant in `variant` of answers and impressions: KEY:VARIANT has at most 50 characters."""

INTERLEAVED = "interleaved"
"""Stands for the variant where two rankings are drafted into one list: its users see both."""

EXPERIMENTS_GENERATION = "experiments"
"""Rises when other experiments run than before."""

MOST_LIFT = 0.9


def new_secret() -> str:
    """Return the key of an experiment: its own, so that no other change of keys deals its users out anew."""
    return token_hex(32)


class ShownBy(models.TextChoices):
    """Name what counts as shown at a placement."""

    ANSWER = "answer", "every answer"
    EVENT = "event", "what impression events name"


class Experiment(models.Model):
    """Compare variants at one placement. A user sees one of them for as long as it runs."""

    class Kind(models.TextChoices):
        """Name what an experiment asks."""

        AB = "ab", "A/B"
        AA = "aa", "A/A"
        INTERLEAVING = "interleaving", "interleaving"

    class State(models.TextChoices):
        """Name the stations of an experiment: only a running one is served."""

        DRAFT = "draft"
        RUNNING = "running"
        PAUSED = "paused"
        STOPPED = "stopped"
        ARCHIVED = "archived"

    key = models.CharField(
        max_length=LONGEST_KEY,
        unique=True,
        validators=[RegexValidator(r"^[a-zA-Z0-9_-]+\Z", "Letters, digits, - and _ are possible.")],
        help_text="Its name in answers and impressions. It deals the users out, so it never changes.",
    )
    secret = models.CharField(
        max_length=64,
        default=new_secret,
        editable=False,
        help_text="Key of the hash that deals users out: without it nobody can tell who gets what.",
    )
    hypothesis = models.CharField(max_length=500, help_text="What you expect, and why.")
    # By its name: the results of an experiment outlive the placement.
    placement = models.CharField(max_length=50)
    placement_number = models.BigIntegerField(
        null=True, editable=False, help_text="Its row: a placement that is made anew under the name is another one."
    )
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.AB)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    primary_metric = models.CharField(max_length=30)
    minimum_lift = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(MOST_LIFT)],
        help_text="The smallest change of the primary metric that is worth finding: 0.05 is 5 %.",
    )
    guardrails = models.JSONField(default=dict, blank=True, help_text="By metric, how much worse it may get at most.")
    audience = models.TextField(blank=True, default="", help_text="An expression over the user. Empty for everybody.")
    starts_at = models.DateTimeField(
        "planned start", null=True, blank=True, help_text="The draft starts by itself then."
    )
    start_refused = models.TextField(
        blank=True, default="", editable=False, help_text="What was in the way when it should have started by itself."
    )
    ends_at = models.DateTimeField("planned end", null=True, blank=True, help_text="It stops by itself then.")
    version = models.PositiveIntegerField(default=0, editable=False, help_text="Rises with each change of the draft.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    changed_by = models.CharField(max_length=150, blank=True, default="", editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)
    baseline_at = models.DateTimeField(
        null=True, editable=False, help_text="When the period before was added up, for users seen by then."
    )
    shipped = models.CharField(max_length=LONGEST_VARIANT, blank=True, editable=False)
    shown_by = models.CharField(
        max_length=10,
        choices=ShownBy,
        default=ShownBy.ANSWER,
        editable=False,
        help_text="What counts as shown: as the placement had it at the start.",
    )
    sums_layout = models.CharField(
        max_length=20, blank=True, editable=False, help_text="Which sums of its users are kept; empty for none."
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["placement"], condition=Q(state__in=["running", "paused"]), name="experiment_one_live"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Variant(models.Model):
    """Say what a share of the users gets. The first variant is the control; one that changes nothing gets what is live.

    It changes the release, or settings of the placement: those of a revision, or single ones beside what is live.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="variants")
    number = models.PositiveSmallIntegerField(help_text="0 is the control.")
    name = models.CharField(max_length=LONGEST_VARIANT)
    share = models.FloatField(help_text="Of the users of the placement: 0.5 is half of them.")
    algorithm = models.CharField(max_length=50, blank=True)
    content_weight = models.FloatField(null=True, blank=True)
    revision = models.PositiveIntegerField(null=True, blank=True)
    release = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="variant_once"),
            models.UniqueConstraint(fields=["experiment", "number"], name="variant_number_once"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="variant_share"),
        ]

    def __str__(self) -> str:
        return self.name


class ExperimentDay(models.Model):
    """Total what one user saw of one variant on a day, and what they did with it."""

    id = models.BigAutoField(primary_key=True)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="days")
    user_id = models.CharField(max_length=255)
    variant = models.CharField(max_length=LONGEST_VARIANT)
    day = models.DateField(help_text="In UTC, of the impression; its clicks count there as well.")
    lists = models.PositiveBigIntegerField(default=0)
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    converted = models.PositiveBigIntegerField(default=0)
    acts = models.PositiveBigIntegerField(default=0, help_text="All events in favour of items that were shown.")
    amount = models.FloatField(default=0, help_text="The values of the conversions among them.")
    varied = models.FloatField(default=0, help_text="Its lists' diversity, each from 0 to 1, added up.")
    first_won = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Interleaved lists of which the first ranking's items were clicked more."
    )
    second_won = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="Interleaved lists of which the second ranking's items were clicked more."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "user_id", "variant", "day"], name="experiment_day_once")
        ]
        indexes = [models.Index(fields=["user_id"], name="experiment_day_by_user")]

    def __str__(self) -> str:
        return f"{self.experiment_id}: {self.variant} on {self.day}"


class ExperimentBaseline(models.Model):
    """Total what a user saw at the placement in the weeks before the experiment, and what they did with it."""

    id = models.BigAutoField(primary_key=True)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="baselines")
    user_id = models.CharField(max_length=255)
    lists = models.PositiveBigIntegerField(default=0)
    shown = models.PositiveBigIntegerField(default=0)
    clicked = models.PositiveBigIntegerField(default=0)
    converted = models.PositiveBigIntegerField(default=0)
    acts = models.PositiveBigIntegerField(default=0, help_text="All events in favour of any item.")
    amount = models.FloatField(default=0, help_text="The values of the conversions among them.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "user_id"], name="experiment_baseline_once")]
        indexes = [models.Index(fields=["user_id"], name="experiment_baseline_by_user")]

    def __str__(self) -> str:
        return f"{self.experiment_id}: before"


class ExperimentSums(models.Model):
    """Hold what a day added to the sums over the users of a variant: a result reads these, and no user's row.

    Users who saw several variants are counted under no variant's name.
    """

    id = models.BigAutoField(primary_key=True)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="sums")
    variant = models.CharField(max_length=LONGEST_VARIANT, blank=True)
    day = models.DateField()
    users = models.BigIntegerField(help_text="Seen for the first time.")
    visitors = models.BigIntegerField(help_text="Seen on this day.")
    sums = ArrayField(
        models.FloatField(), help_text="See `insight.experiments.metrics.TERMS`: so far, then of the day."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "variant", "day"], name="experiment_sums_once")]

    def __str__(self) -> str:
        return f"{self.experiment_id}: {self.variant} on {self.day}"


class ExperimentAnswers(models.Model):
    """Total how long a variant's answers of a day took to make, and how many failed."""

    id = models.BigAutoField(primary_key=True)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="answers")
    variant = models.CharField(max_length=LONGEST_VARIANT)
    day = models.DateField()
    moments = models.PositiveBigIntegerField(help_text="Times at which a process told what it had made.")
    sums = ArrayField(models.FloatField(), help_text="See `insight.experiments.metrics.ANSWER_TERMS`.")
    buckets = ArrayField(models.BigIntegerField(), help_text="Answers by duration; see `insight.impressions.timing`.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "variant", "day"], name="experiment_answers_once")]

    def __str__(self) -> str:
        return f"{self.experiment_id}: answers of {self.variant} on {self.day}"
