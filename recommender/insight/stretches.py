"""Tell when each release was live, by whom, why, and what ended it: from the record of changes alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from recommender.models.release import PROMOTIONS
from recsite.platform.audit import THE_SCHEDULE, Kind
from recsite.platform.models import AuditEntry

MOST = 1_000
"""Changes of the live release that are looked at: those of six weeks where every hour has one."""

ROLL_BACK = "release.roll_back"
TAKE_OUT = "release.take_out"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hold one time for which a release was live."""

    release: int
    start: datetime
    verb: str
    actor: str
    reason: str
    then: "Stretch | None" = None
    """What went live after it; None while it is live."""

    @property
    def end(self) -> datetime | None:
        return self.then.start if self.then else None

    @property
    def was_rolled_back(self) -> bool:
        return bool(self.then and self.then.verb == ROLL_BACK)

    def length(self, now: datetime) -> timedelta:
        """Return for how long it was live, or is up to now."""
        return (self.end or now) - self.start

    def days(self, now: datetime) -> Iterator[date]:
        """Return the days (UTC) that it touches."""
        day, last = self.start.date(), (self.end or now).date()
        while day <= last:
            yield day
            day += timedelta(days=1)


def stretches(most: int = MOST) -> Mapping[int, Sequence[Stretch]]:
    """Return by release when it was live, the last time first; of releases from before the record nothing."""
    entries = AuditEntry.objects.filter(object_type="release", verb__in=PROMOTIONS).order_by("-at", "-pk")
    found: dict[int, list[Stretch]] = {}
    then = None
    for entry in entries[:most]:
        actor = THE_SCHEDULE if entry.actor_kind == Kind.SCHEDULE else entry.actor
        then = Stretch(int(entry.object_id), entry.at, entry.verb, actor, entry.reason, then)
        found.setdefault(then.release, []).append(then)
    return found
