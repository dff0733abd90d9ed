"""Say in words which release is live, how good it is, and when the next one comes."""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Max
from django_celery_beat.models import PeriodicTask

from recommender.models import Release
from recommender.models.release import with_promoter
from recommender.operations.compare import RELEASE, Side, compare
from recommender.serving.candidates import UnknownRelease
from recsite.console import schedule
from recsite.platform.humanize import distance
from recsite.platform.units import significant

NDCG = "nDCG@10"
TRAIN = "recommender.tasks.train"
LEAST = 0.05
"""A ratio nearer to 1 is "as good as"."""


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
        _quality(release.pk, release.replaced_id),
        f"Trained {distance(release.created_at)}{seen}.",
        _next(),
        release.replaced_id,
    )


@lru_cache(16)
def _quality(number: int, before: int | None) -> str:
    """Say how good its lists are beside popularity, and beside the release before. A release never changes."""
    own = Side.of(RELEASE, number)
    measured = own.leader.metrics if own.leader else {}
    ndcg = (measured.get("metrics") or {}).get("ndcg_at_10")
    popular = ((measured.get("beside") or {}).get("popular") or {}).get("ndcg_at_10")
    if ndcg is None:
        return "How good it is was not measured: there were no held-out events."
    said = f"nDCG@10 {significant(ndcg)}"
    if popular:
        ratio = ndcg / popular
        as_good = "as good as" if abs(ratio - 1) < LEAST else f"{significant(ratio, 2)} times as good as"
        said = f"Its lists are {as_good} popularity ({said} beside {significant(popular)})"
    return f"{said}{_beside(own, before)}."


def _beside(own: Side, before: int | None) -> str:
    if before is None:
        return ", and it is the first one"
    try:
        figures = compare(Side.of(RELEASE, before), own).figures
    except UnknownRelease:
        return ""
    found = next((one for one in figures if one.name == NDCG), None)
    if found is None or found.difference is None:
        return ""
    if found.better == "b":
        return f", and better than those of release {before}"
    if found.better == "a":
        return f", and worse than those of release {before}"
    return f", and the same as those of release {before} within the noise"


def _next() -> str:
    """Say when the schedule trains next."""
    rows = PeriodicTask.objects.select_related("interval", "crontab", "solar", "clocked").filter(task=TRAIN)
    due = [when for row in rows if (when := schedule.due(row))]
    return f"Next training {distance(min(due))}." if due else "No training is scheduled."
