"""Say in words which release is live, how good it is, and when the next one comes."""

from dataclasses import dataclass

from django.db.models import Max
from django_celery_beat.models import PeriodicTask

from recommender.models import Release
from recommender.models.release import with_promoter
from recommender.operations.release_words import how_good
from recsite.console import schedule
from recsite.platform.humanize import distance

TRAIN = "recommender.tasks.train"


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """Hold the live release in sentences."""

    release: Release
    promoted: str
    quality: str
    trained: str
    next_training: str
    before: int | None
    """The release that it replaced."""


def card() -> ReleaseCard | None:
    """Return the card of the live release; None where nothing is live."""
    live = with_promoter(Release.objects.filter(state=Release.State.LIVE)).annotate(until=Max("versions__data_until"))
    release = live.first()
    if release is None:
        return None
    by = f" by {release.promoter}" if release.promoter else ""
    promoted = f"It went live {distance(release.promoted_at)}{by}." if release.promoted_at else ""
    until = release.until
    seen = f" on events until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    return ReleaseCard(
        release,
        promoted,
        how_good(release.pk, release.replaced_id),
        f"Trained {distance(release.created_at)}{seen}.",
        _next(),
        release.replaced_id,
    )


def _next() -> str:
    """Say when the schedule trains next."""
    rows = PeriodicTask.objects.select_related("interval", "crontab", "solar", "clocked").filter(task=TRAIN)
    due = [when for row in rows if (when := schedule.due(row))]
    return f"Next training {distance(min(due))}." if due else "No training is scheduled."
